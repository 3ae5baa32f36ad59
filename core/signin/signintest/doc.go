// Package signintest holds what tests of signing in need: an OpenID provider in process, made with a provider library, and
// an authenticator in software.
package signintest
