package policy

import (
	"fmt"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
)

// Bounds of expressions. The cost counts steps, each of which takes a bounded time; it is the time limit, too, and unlike
// a clock it gives the same answer on every machine.
const (
	maxExpressionBytes = 4096
	maxExpressionDepth = 64
	maxExpressionCost  = 100_000
)

// scope says what an expression may look at.
type scope int

const (
	// whereScope is that of a review block's where: no review has been made yet.
	whereScope scope = iota
	// filterScope is that of a threshold's filter, which also sees the review.
	filterScope
)

// expression is a compiled boolean expression, safe for concurrent use.
type expression struct {
	text    string
	program cel.Program
}

// environments are built once, because building one takes longer than compiling with it; they never change.
//
//nolint:gochecknoglobals // immutable, and built on first use
var environments = sync.OnceValues(func() ([2]*cel.Env, error) {
	where, err := cel.NewEnv(append(functions(), whereVariables()...)...)
	if err != nil {
		return [2]*cel.Env{}, fmt.Errorf("preparing expressions: %w", err)
	}
	filter, err := where.Extend(filterVariables()...)
	if err != nil {
		return [2]*cel.Env{}, fmt.Errorf("preparing expressions: %w", err)
	}
	return [2]*cel.Env{whereScope: where, filterScope: filter}, nil
})

func whereVariables() []cel.EnvOption {
	texts := cel.ListType(cel.StringType)
	traits := cel.MapType(cel.StringType, texts)
	return []cel.EnvOption{
		cel.Variable("reviewer.name", cel.StringType),
		cel.Variable("reviewer.roles", texts),
		cel.Variable("reviewer.traits", traits),
		cel.Variable("request.user", cel.StringType),
		cel.Variable("request.user_traits", traits),
		cel.Variable("request.roles", texts),
		cel.Variable("request.reason", cel.StringType),
		cel.Variable("request.system_annotations", traits),
		cel.Variable("request.resources", cel.ListType(cel.MapType(cel.StringType, cel.StringType))),
		cel.Variable("request.duration", cel.DurationType),
		cel.Variable(viaVariable, cel.StringType),
		cel.Variable("now", cel.TimestampType),
		cel.ParserRecursionLimit(maxExpressionDepth), cel.ParserExpressionSizeLimit(maxExpressionBytes),
	}
}

func filterVariables() []cel.EnvOption {
	return []cel.EnvOption{
		cel.Variable("review.reason", cel.StringType),
		cel.Variable("review.annotations", cel.MapType(cel.StringType, cel.ListType(cel.StringType))),
	}
}

// viaVariable is one of those that may be unknown: before a review is made nobody knows the door it will come through.
const viaVariable = "review.via"

// compileCondition checks and compiles a text. The error says where in the text the fault lies.
func compileCondition(text string, in scope) (*expression, error) {
	if len(text) > maxExpressionBytes {
		return nil, fmt.Errorf("expression has %d bytes, the limit is %d", len(text), maxExpressionBytes)
	}
	both, err := environments()
	if err != nil {
		return nil, err
	}
	env := both[in]
	checked, issues := env.Compile(text)
	if issues.Err() != nil {
		return nil, firstIssue(issues)
	}
	if checked.OutputType() != cel.BoolType {
		return nil, fmt.Errorf("1:1: gives a %s; it must say true or false", checked.OutputType())
	}
	if err := checkPatterns(checked); err != nil {
		return nil, err
	}
	program, err := env.Program(checked, cel.EvalOptions(cel.OptOptimize, cel.OptPartialEval),
		cel.CostTracking(matchCost{}), cel.CostLimit(maxExpressionCost), cel.OptimizeRegex(constantPattern()))
	if err != nil {
		return nil, fmt.Errorf("1:1: %w", err)
	}
	return &expression{text: text, program: program}, nil
}

func firstIssue(issues *cel.Issues) error {
	found := issues.Errors()
	if len(found) == 0 {
		return issues.Err()
	}
	first := found[0]
	return fmt.Errorf("%d:%d: %s", max(first.Location.Line(), 1), first.Location.Column()+1, strings.TrimSpace(first.Message))
}

// checkPatterns compiles the patterns that stand literally in an expression, so that a broken one is found on apply.
func checkPatterns(checked *cel.Ast) (err error) {
	native := checked.NativeRep()
	ast.PreOrderVisit(native.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if err != nil || e.Kind() != ast.CallKind || e.AsCall().FunctionName() != matchFunction {
			return
		}
		args := e.AsCall().Args()
		if len(args) != 2 || args[1].Kind() != ast.LiteralKind {
			return
		}
		text, ok := args[1].AsLiteral().Value().(string)
		if !ok {
			return
		}
		if _, broken := compilePattern(text); broken != nil {
			place := native.SourceInfo().GetStartLocation(args[1].ID())
			err = fmt.Errorf("%d:%d: %w", place.Line(), place.Column()+1, broken)
		}
	}))
	return err
}

// truth is what an expression says.
type truth int

const (
	isFalse truth = iota
	isTrue
	// isOpen: it depends on the time of the review, or on the door through which it will come.
	isOpen
)

// holds evaluates the expression. One that fails says false, and why it failed.
func (e *expression) holds(facts *Facts) (truth, error) {
	activation, err := facts.activation()
	if err != nil {
		return isFalse, err
	}
	value, _, err := e.program.Eval(activation)
	switch {
	case err != nil:
		return isFalse, err
	case types.IsUnknown(value):
		return isOpen, nil
	case value == types.True:
		return isTrue, nil
	}
	return isFalse, nil
}
