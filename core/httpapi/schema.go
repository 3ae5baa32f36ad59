package httpapi

import (
	"maps"
	"reflect"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	v1 "github.com/accede/accede/api/v1"
)

// newConfig describes the API as a whole. Documents and schemas are served by the API itself, hence no paths here.
func newConfig() huma.Config {
	registry := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	registry.RegisterTypeAlias(reflect.TypeFor[huma.ErrorModel](), reflect.TypeFor[v1.Problem]())
	registry.RegisterTypeAlias(reflect.TypeFor[v1.State](), reflect.TypeFor[stateSchema]())
	registry.RegisterTypeAlias(reflect.TypeFor[v1.Verdict](), reflect.TypeFor[verdictSchema]())
	registry.RegisterTypeAlias(reflect.TypeFor[v1.PersonKind](), reflect.TypeFor[kindSchema]())
	registry.RegisterTypeAlias(reflect.TypeFor[v1.Code](), reflect.TypeFor[codeSchema]())
	registry.RegisterTypeAlias(reflect.TypeFor[v1.Duration](), reflect.TypeFor[durationSchema]())
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info:    &huma.Info{Title: "Accede", Version: "v1", Description: apiDescription},
			Components: &huma.Components{Schemas: registry, SecuritySchemes: map[string]*huma.SecurityScheme{
				"token": {Type: "http", Scheme: "bearer", Description: "A session's or an API token's secret."},
			}},
		},
		Formats:                      map[string]huma.Format{"application/json": huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat},
		DefaultFormat:                "application/json",
		RejectUnknownQueryParameters: true,
		Transformers:                 []huma.Transformer{translate},
	}
}

const apiDescription = "Ask for access, review what others ask for, and administer who may do so. " +
	"Errors are RFC 9457 problem documents with a stable `code`. Unknown members of a body and unknown query parameters are errors. " +
	"Times are RFC 3339 in UTC; ids are UUIDs; lists of requests are paged by cursor. " +
	"A POST with an `Idempotency-Key` is carried out once and answered alike every time."

func idempotencyParameter() *huma.Param {
	longest := maxKey
	return &huma.Param{
		Name: idempotencyHeader, In: "header",
		Description: "Makes repeating the call safe: the same key and body get the first answer again, marked with " +
			replayedHeader + "; the same key with another body is a conflict. Best a random UUID.",
		Schema: &huma.Schema{Type: huma.TypeString, MaxLength: &longest},
	}
}

func enum[T ~string](values ...T) *huma.Schema {
	schema := &huma.Schema{Type: huma.TypeString}
	for _, value := range values {
		schema.Enum = append(schema.Enum, string(value))
	}
	return schema
}

type stateSchema string

// Schema lists the states.
func (stateSchema) Schema(huma.Registry) *huma.Schema { return enum(v1.States()...) }

type verdictSchema string

// Schema lists the verdicts.
func (verdictSchema) Schema(huma.Registry) *huma.Schema { return enum(v1.Approve, v1.Deny) }

type kindSchema string

// Schema lists the kinds of person.
func (kindSchema) Schema(huma.Registry) *huma.Schema { return enum(v1.KindHuman, v1.KindService) }

type codeSchema string

// Schema lists the codes.
func (codeSchema) Schema(huma.Registry) *huma.Schema {
	return enum(slices.Sorted(maps.Keys(statuses))...)
}

type durationSchema string

// Schema describes durations.
func (durationSchema) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Description: "A duration such as 30m, 8h or 72h.", Examples: []any{"8h"}}
}
