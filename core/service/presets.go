package service

import (
	"context"
	"embed"
	"fmt"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/core"
)

//go:embed presets/*.yaml
var presetFiles embed.FS

// Presets are the documents of the roles that a new core begins with: admin, auditor, plugin, requester and reviewer.
func Presets() ([]v1.ApplyDocument, error) {
	files, err := presetFiles.ReadDir("presets")
	if err != nil {
		return nil, fmt.Errorf("reading presets: %w", err)
	}
	documents := make([]v1.ApplyDocument, 0, len(files))
	for _, file := range files {
		text, err := presetFiles.ReadFile("presets/" + file.Name())
		if err != nil {
			return nil, fmt.Errorf("reading preset: %w", err)
		}
		documents = append(documents, v1.ApplyDocument{Name: file.Name(), YAML: string(text)})
	}
	return documents, nil
}

// applyPresets gives a core without any role the presets. Later they are roles like all others: to be changed or deleted.
func (s *Service) applyPresets(ctx context.Context, system core.Actor) error {
	roles, err := s.Roles(ctx, system)
	if err != nil || len(roles) > 0 {
		return err
	}
	documents, err := Presets()
	if err != nil {
		return err
	}
	_, err = s.Apply(ctx, system, v1.ApplyInput{Documents: documents})
	return err
}
