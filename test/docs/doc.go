// Package docs holds the documentation to the programs: the commands it shows exist with their flags, its YAML documents
// are taken by a real core, its links lead somewhere, and every configuration key and metric is described.
package docs
