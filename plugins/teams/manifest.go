package teams

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// manifest describes the app to Teams: https://learn.microsoft.com/microsoft-365/extensibility/schema/.
type manifest struct {
	Schema      string        `json:"$schema"`
	Version     string        `json:"manifestVersion"`
	App         string        `json:"version"`
	ID          string        `json:"id"`
	Developer   developer     `json:"developer"`
	Name        shortLong     `json:"name"`
	Description shortLong     `json:"description"`
	Icons       icons         `json:"icons"`
	Accent      string        `json:"accentColor"`
	Bots        []manifestBot `json:"bots"`
	Permissions []string      `json:"permissions"`
	Domains     []string      `json:"validDomains"`
}

type developer struct {
	Name    string `json:"name"`
	Website string `json:"websiteUrl"`
	Privacy string `json:"privacyUrl"`
	Terms   string `json:"termsOfUseUrl"`
}

type shortLong struct {
	Short string `json:"short"`
	Full  string `json:"full"`
}

type icons struct {
	Color   string `json:"color"`
	Outline string `json:"outline"`
}

type manifestBot struct {
	ID     string   `json:"botId"`
	Scopes []string `json:"scopes"`
	Files  bool     `json:"supportsFiles"`
	Quiet  bool     `json:"isNotificationOnly"`
}

const (
	manifestVersion = "1.19"
	// appVersion rises when the manifest changes; Teams offers an update then.
	appVersion  = "1.0.0"
	homepage    = "https://github.com/accede/accede"
	packageName = "accede-teams.zip"
)

func newManifest(c *Config) manifest {
	return manifest{
		Schema:  "https://developer.microsoft.com/json-schemas/teams/v" + manifestVersion + "/MicrosoftTeams.schema.json",
		Version: manifestVersion, App: appVersion, ID: c.manifestID(),
		Developer: developer{Name: "Accede", Website: homepage, Privacy: homepage, Terms: homepage},
		Name:      shortLong{Short: "Accede", Full: "Accede: requests for access"},
		Description: shortLong{
			Short: "Requests for access, decided where you already are",
			Full: "Shows requests for access as cards with Approve and Deny, keeps them up to date, and tells people how their " +
				"requests ended. Who may decide is set in Accede, never by being in a channel.",
		},
		Icons: icons{Color: "color.png", Outline: "outline.png"}, Accent: "#1F6F5C",
		Bots:        []manifestBot{{ID: c.AppID, Scopes: []string{"personal", "team", "groupChat"}}},
		Permissions: []string{"identity", "messageTeamMembers"}, Domains: []string{},
	}
}

// writePackage writes the app package: the same bytes for the same configuration.
func writePackage(w io.Writer, c *Config) error {
	description, err := json.MarshalIndent(newManifest(c), "", "  ")
	if err != nil {
		return fmt.Errorf("encoding manifest: %w", err)
	}
	color, outline, err := drawIcons()
	if err != nil {
		return err
	}
	archive := zip.NewWriter(w)
	for _, file := range []struct {
		name string
		data []byte
	}{{"manifest.json", append(description, '\n')}, {"color.png", color}, {"outline.png", outline}} {
		entry, err := archive.CreateHeader(&zip.FileHeader{
			Name: file.name, Method: zip.Deflate, Modified: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		})
		if err != nil {
			return fmt.Errorf("writing package: %w", err)
		}
		if _, err := entry.Write(file.data); err != nil {
			return fmt.Errorf("writing package: %w", err)
		}
	}
	if err := archive.Close(); err != nil {
		return fmt.Errorf("writing package: %w", err)
	}
	return nil
}

// packageCommand writes the package into a file.
func packageCommand(_ context.Context, config any, arguments []string, out io.Writer) error {
	c, ok := config.(*Config)
	if !ok || len(arguments) > 1 {
		return errors.New("give at most one file name, at the end: accede-teams package --config FILE accede-teams.zip")
	}
	name := packageName
	if len(arguments) == 1 {
		name = arguments[0]
	}
	var content bytes.Buffer
	if err := writePackage(&content, c); err != nil {
		return err
	}
	if err := os.WriteFile(name, content.Bytes(), 0o644); err != nil { //nolint:gosec // it holds no secret and is to be uploaded
		return fmt.Errorf("writing package: %w", err)
	}
	_, err := fmt.Fprintf(out, "Wrote %s. Upload it in the Teams admin center under \"Teams apps\" → \"Manage apps\" → \"Upload new app\".\n", name)
	return err
}
