// Package v1 is the vocabulary that every Accede process shares: requests, reviews, roles, people, events, decisions
// and the messages by which plugins keep their deliveries. It holds plain data with JSON and YAML names and the few
// methods that belong to the data itself. It imports the standard library only and decides nothing.
package v1
