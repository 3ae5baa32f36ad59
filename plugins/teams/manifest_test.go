package teams

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"image/png"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/accede/accede/plugins/teams/teamssim"
)

func TestThePackageCanBeUploaded(t *testing.T) {
	t.Parallel()
	c := NewConfig()
	c.AppID = teamssim.DemoApp
	file := filepath.Join(t.TempDir(), "app.zip")
	var said bytes.Buffer
	command := Spec().Commands[0]
	if command.Name != "package" {
		t.Fatalf("command %q", command.Name)
	}
	if err := command.Run(t.Context(), c, []string{file}, &said); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(said.String(), "Upload new app") {
		t.Errorf("it says %q", said.String())
	}
	files := unzip(t, file)
	var m manifest
	if err := json.Unmarshal(files["manifest.json"], &m); err != nil {
		t.Fatal(err)
	}
	if m.ID != teamssim.DemoApp || len(m.Bots) != 1 || m.Bots[0].ID != teamssim.DemoApp || !slices.Contains(m.Bots[0].Scopes, "personal") {
		t.Errorf("manifest %+v", m)
	}
	// Lengths of https://learn.microsoft.com/microsoft-365/extensibility/schema/.
	if len(m.Name.Short) > 30 || len(m.Name.Full) > 100 || len(m.Description.Short) > 80 || len(m.Description.Full) > 4000 {
		t.Error("a text is too long")
	}
	for name, size := range map[string]int{m.Icons.Color: colorIconSize, m.Icons.Outline: outlineIconSize} {
		icon, err := png.Decode(bytes.NewReader(files[name]))
		if err != nil {
			t.Fatal(err)
		}
		if icon.Bounds().Dx() != size || icon.Bounds().Dy() != size {
			t.Errorf("%s is %v", name, icon.Bounds())
		}
		if name != m.Icons.Outline {
			continue
		}
		for y := range size {
			for x := range size {
				r, g, b, a := icon.At(x, y).RGBA()
				if a != 0 && (r != a || g != a || b != a) {
					t.Fatalf("the outline has a colour at %d,%d", x, y)
				}
			}
		}
	}
	if len(files) != 3 {
		t.Errorf("%d files", len(files))
	}
	var again, first bytes.Buffer
	if writePackage(&first, c) != nil || writePackage(&again, c) != nil || !bytes.Equal(first.Bytes(), again.Bytes()) {
		t.Error("the package differs from run to run")
	}
}

func unzip(t *testing.T, file string) map[string][]byte {
	t.Helper()
	archive, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = archive.Close() }()
	files := map[string][]byte{}
	for _, entry := range archive.File {
		r, err := entry.Open()
		if err != nil {
			t.Fatal(err)
		}
		if files[entry.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
		_ = r.Close()
	}
	return files
}

func TestThePackageGoesWhereItCan(t *testing.T) {
	t.Parallel()
	c := NewConfig()
	if err := packageCommand(t.Context(), c, []string{"a", "b"}, io.Discard); err == nil {
		t.Error("two names are taken")
	}
	if err := packageCommand(t.Context(), c, []string{filepath.Join(t.TempDir(), "no", "folder.zip")}, io.Discard); err == nil {
		t.Error("a folder that is not there is taken")
	}
}
