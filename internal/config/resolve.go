package config

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/accede/accede/internal/secret"
)

// Address is a text that says where something is (a URL, host:port, or path) and may therefore come from the
// environment: a whole-value ${NAME} is replaced when the config is loaded. No other plain text is expanded.
//
// A secret is a field of type secret.String and needs a twin of type string whose key has "_file" appended:
//
//	BotToken     secret.String `yaml:"bot_token"`
//	BotTokenFile string        `yaml:"bot_token_file"`
//
// The user gives at most one of the two, and after loading BotToken holds the secret either way.
type Address string

// String returns the address.
func (a Address) String() string { return string(a) }

type resolver struct {
	getenv   Getenv
	problems Problems
}

// resolve expands secrets and addresses everywhere in the value that into points to and reports every problem.
func resolve(into any, getenv Getenv) error {
	r := resolver{getenv: getenv}
	v := reflect.ValueOf(into)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return errors.New("internal error: decoding into something that is not a pointer")
	}
	r.walk("", v.Elem())
	return r.problems.Err()
}

func (r *resolver) walk(path string, v reflect.Value) {
	switch v.Kind() { //nolint:exhaustive // the other kinds hold neither secrets nor addresses
	case reflect.Pointer:
		if !v.IsNil() {
			r.walk(path, v.Elem())
		}
	case reflect.Struct:
		r.walkStruct(path, v)
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			r.walk(fmt.Sprintf("%s[%d]", path, i), v.Index(i))
		}
	case reflect.Map:
		r.walkMap(path, v)
	case reflect.String:
		r.expandAddress(path, v)
	}
}

func (r *resolver) walkMap(path string, v reflect.Value) {
	for _, key := range v.MapKeys() {
		value := reflect.New(v.Type().Elem()).Elem()
		value.Set(v.MapIndex(key))
		r.walk(join(path, fmt.Sprint(key)), value)
		v.SetMapIndex(key, value)
	}
}

func (r *resolver) expandAddress(path string, v reflect.Value) {
	if v.Type() != reflect.TypeFor[Address]() {
		return
	}
	text, err := secret.Expand(v.String(), r.getenv)
	if err != nil {
		r.problems.Add(path, "%s", err)
		return
	}
	v.SetString(text)
}

func (r *resolver) walkStruct(path string, v reflect.Value) {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		name, inline := yamlName(field)
		switch {
		case !field.IsExported() || name == "-":
		case field.Type == reflect.TypeFor[secret.String]():
			r.resolveSecret(join(path, name), v.Field(i), twin(v, name))
		case inline:
			r.walk(path, v.Field(i))
		default:
			r.walk(join(path, name), v.Field(i))
		}
	}
}

func (r *resolver) resolveSecret(path string, v, file reflect.Value) {
	given, ok := v.Interface().(secret.String)
	if !ok || !file.IsValid() {
		r.problems.Add(path, "internal error: the config has no field %s_file of type string", path)
		return
	}
	resolved, err := secret.Resolve(given, file.String(), r.getenv)
	if err != nil {
		r.problems.Add(path, "%s", err)
		return
	}
	v.Set(reflect.ValueOf(resolved))
}

func twin(v reflect.Value, name string) reflect.Value {
	for i := range v.NumField() {
		other, _ := yamlName(v.Type().Field(i))
		if other == name+"_file" && v.Field(i).Kind() == reflect.String {
			return v.Field(i)
		}
	}
	return reflect.Value{}
}

func yamlName(field reflect.StructField) (name string, inline bool) {
	name, options, _ := strings.Cut(field.Tag.Get("yaml"), ",")
	if name == "" {
		name = strings.ToLower(field.Name)
	}
	return name, strings.Contains(options, "inline")
}
