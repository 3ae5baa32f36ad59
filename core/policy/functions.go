package policy

import (
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/interpreter"
)

const matchFunction = "regexp.match"

// functions are what access-request expressions have beyond CEL's own.
func functions() []cel.EnvOption {
	item := cel.TypeParamType("A")
	texts := cel.ListType(cel.StringType)
	return []cel.EnvOption{
		cel.Function("equals", cel.Overload("equals_any", []*cel.Type{item, item}, cel.BoolType,
			cel.BinaryBinding(func(a, b ref.Val) ref.Val { return a.Equal(b) }))),
		cel.Function("contains", cel.Overload("contains_list_item", []*cel.Type{cel.ListType(item), item}, cel.BoolType,
			cel.BinaryBinding(listContains))),
		cel.Function(matchFunction,
			cel.Overload("regexp_match_list", []*cel.Type{texts, cel.StringType}, cel.BoolType, cel.BinaryBinding(matchAny)),
			cel.Overload("regexp_match_text", []*cel.Type{cel.StringType, cel.StringType}, cel.BoolType, cel.BinaryBinding(matchAny))),
	}
}

func listContains(list, item ref.Val) ref.Val {
	container, ok := list.(traits.Container)
	if !ok {
		return types.MaybeNoSuchOverloadErr(list)
	}
	return container.Contains(item)
}

// compilePattern reads a pattern of regexp.match: a regular expression when it starts with ^ and ends with $, else a text
// or glob that has to match as a whole.
func compilePattern(text string) (Matcher, error) {
	if text == "" {
		return Matcher{}, nil
	}
	expression := strings.HasPrefix(text, "^") && strings.HasSuffix(text, "$")
	if strings.Contains(text, "{{") && !expression {
		return Matcher{literal: text}, nil
	}
	return CompileMatcher(text)
}

func matchAny(subject, pattern ref.Val) ref.Val {
	text, ok := pattern.(types.String)
	if !ok {
		return types.MaybeNoSuchOverloadErr(pattern)
	}
	matcher, err := compilePattern(string(text))
	if err != nil {
		return types.WrapErr(err)
	}
	return matchWith(matcher, subject)
}

func matchWith(matcher Matcher, subject ref.Val) ref.Val {
	if text, ok := subject.(types.String); ok {
		return types.Bool(matcher.Match(string(text)))
	}
	list, ok := subject.(traits.Lister)
	if !ok {
		return types.MaybeNoSuchOverloadErr(subject)
	}
	for items := list.Iterator(); items.HasNext() == types.True; {
		if text, ok := items.Next().(types.String); ok && matcher.Match(string(text)) {
			return types.True
		}
	}
	return types.False
}

// constantPattern compiles a pattern that stands literally in the expression once, with the expression.
func constantPattern() *interpreter.RegexOptimization {
	return &interpreter.RegexOptimization{
		Function: matchFunction, RegexIndex: 1,
		Factory: func(call interpreter.InterpretableCall, pattern string) (interpreter.InterpretableCall, error) {
			matcher, err := compilePattern(pattern)
			if err != nil {
				return nil, err
			}
			match := func(args ...ref.Val) ref.Val { return matchWith(matcher, args[0]) }
			return interpreter.NewCall(call.ID(), call.Function(), call.OverloadID(), call.Args(), match), nil
		},
	}
}

// matchCost prices regexp.match by what has to be read, so that the bound on the cost bounds the time.
type matchCost struct{}

// CallCost returns the price of a call; nil leaves it to CEL.
func (matchCost) CallCost(function, _ string, args []ref.Val, _ ref.Val) *uint64 {
	if function != matchFunction || len(args) != 2 {
		return nil
	}
	pattern, _ := args[1].(types.String)
	cost := uint64(len(pattern)) + 1
	switch subject := args[0].(type) {
	case types.String:
		cost += uint64(len(subject)) * uint64(len(pattern)/10+1) / 10
	case traits.Lister:
		for items := subject.Iterator(); items.HasNext() == types.True; {
			if text, ok := items.Next().(types.String); ok {
				cost += 1 + uint64(len(text))*uint64(len(pattern)/10+1)/10
			}
		}
	}
	return &cost
}
