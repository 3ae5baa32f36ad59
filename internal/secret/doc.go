// Package secret holds values that must never be printed: tokens, passwords, signing keys.
//
// It owns the String type, whose every printed form is "[redacted]", and the rule by which a config names a secret:
// literally, as a whole-value ${NAME} from the environment, or by the path of a file. It must not read config files
// (package config does and calls Resolve) and must not know any particular secret.
package secret
