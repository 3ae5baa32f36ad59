//go:build deps

package deps

import (
	_ "github.com/google/cel-go/cel"
	_ "github.com/google/cel-go/ext"
)
