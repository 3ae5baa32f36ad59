// Package policy turns role documents into answers: what somebody may request, what it takes, for how long, and who may
// review. It is made of pure functions over a compiled [Set] and holds no state of its own.
package policy
