// Package containers proves what can be proven of the Dockerfile and docker-compose.yml without a container engine: it
// builds every binary with the Dockerfile's own command from what .dockerignore lets through, runs it as another user in
// a root directory that holds nothing else, holds the compose file to what it promises, and plays its services as
// processes.
package containers
