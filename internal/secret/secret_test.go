package secret_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"github.com/accede/accede/internal/secret"
	"github.com/accede/accede/internal/secret/secrettest"
)

const canary = "xoxb-canary-token"

type holder struct {
	Public secret.String `json:"public" yaml:"public"`
	hidden secret.String
	deep   *holder
}

func TestNoPrintedFormRevealsTheSecret(t *testing.T) {
	s := secret.New(canary)
	h := holder{Public: s, hidden: s, deep: &holder{Public: s, hidden: s}}
	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%10s", "%T"} {
		fmt.Fprintf(&out, verb+verb+verb+verb+"\n", s, &s, h, []holder{h})
	}
	for _, v := range []any{s, h, map[string]secret.String{"a": s}} {
		asJSON, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		asYAML, err := yaml.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(asJSON)
		out.Write(asYAML)
	}
	out.WriteString(fmt.Errorf("using %v: %w", s, os.ErrNotExist).Error())
	out.WriteString(cmp.Diff(s, secret.New("other-canary")))
	secrettest.AssertAbsent(t, out.String(), canary, "other-canary")
	if !strings.Contains(out.String(), `{"public":"[redacted]"}`) || !strings.Contains(out.String(), "public: \"[redacted]\"") && !strings.Contains(out.String(), "public: '[redacted]'") {
		t.Errorf("no redacted JSON and YAML in:\n%s", out.String())
	}
}

func TestNoLogRevealsTheSecret(t *testing.T) {
	var out bytes.Buffer
	s := secret.New(canary)
	for _, h := range []slog.Handler{slog.NewJSONHandler(&out, nil), slog.NewTextHandler(&out, nil)} {
		slog.New(h).With("token", s).Info("starting", "holder", holder{Public: s, hidden: s}, slog.Group("g", "t", &s))
	}
	secrettest.AssertAbsent(t, out.String(), canary)
	if !strings.Contains(out.String(), `"token":"[redacted]"`) {
		t.Errorf("the log does not show that a token was given:\n%s", out.String())
	}
}

func TestZeroValueIsEmpty(t *testing.T) {
	var s secret.String
	if !s.IsZero() || s.Reveal() != "" || s.String() != "" || !s.Equal(secret.New("")) {
		t.Errorf("zero value: %v %q %q", s.IsZero(), s.Reveal(), s.String())
	}
	if s.Equal(secret.New(canary)) || !secret.New(canary).Equal(secret.New(canary)) {
		t.Error("Equal compares something else than the texts")
	}
}

func TestDecodes(t *testing.T) {
	var fromJSON, fromYAML holder
	if err := json.Unmarshal([]byte(`{"public":"p\u00e4ss: #1"}`), &fromJSON); err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal([]byte("public: \"p\\u00e4ss: #1\"\n"), &fromYAML); err != nil {
		t.Fatal(err)
	}
	for _, h := range []holder{fromJSON, fromYAML} {
		if got := h.Public.Reveal(); got != "päss: #1" {
			t.Errorf("got %q", got)
		}
	}
}

func TestResolve(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	file, empty, huge := write("token", canary+"\r\n\n"), write("empty", "\n"), write("huge", strings.Repeat("x", 65<<10))
	env := map[string]string{"TOKEN": canary, "EMPTY": "", "FILE": file}
	tests := []struct {
		name, given, file, want, wantErr string
	}{
		{name: "nothing"},
		{name: "literal", given: canary, want: canary},
		{name: "literal with a dollar", given: "pa${ss", want: "pa${ss"},
		{name: "environment", given: "${TOKEN}", want: canary},
		{name: "only whole values", given: "x${TOKEN}", want: "x${TOKEN}"},
		{name: "unset", given: "${MISSING}", wantErr: "environment variable MISSING is not set or empty"},
		{name: "empty variable", given: "${EMPTY}", wantErr: "environment variable EMPTY is not set or empty"},
		{name: "no braces", given: "$TOKEN", wantErr: "not of the form ${NAME}"},
		{name: "bad name", given: "${TO KEN}", wantErr: "not of the form ${NAME}"},
		{name: "file", file: file, want: canary},
		{name: "file from the environment", file: "${FILE}", want: canary},
		{name: "both", given: canary, file: file, wantErr: "keep one of the two"},
		{name: "no such file", file: filepath.Join(dir, "none"), wantErr: "no such file"},
		{name: "a folder", file: dir, wantErr: "is a directory"},
		{name: "empty file", file: empty, wantErr: "is empty"},
		{name: "huge file", file: huge, wantErr: "larger than 65536 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := secret.Resolve(secret.New(tt.given), tt.file, func(k string) string { return env[k] })
			secrettest.AssertErrorClean(t, err, canary)
			if tt.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), tt.wantErr) {
					t.Errorf("error %v, want %q", err, tt.wantErr)
				}
				return
			}
			if err != nil || got.Reveal() != tt.want {
				t.Errorf("got %q, %v; want %q", got.Reveal(), err, tt.want)
			}
		})
	}
}

func FuzzExpand(f *testing.F) {
	for _, seed := range []string{"", "x", "${A}", "$A", "${A}${B}", "${", "$${A}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := secret.Expand(text, func(string) string { return canary })
		if err == nil && got != text && got != canary {
			t.Errorf("Expand(%q) = %q: neither the text nor the variable", text, got)
		}
	})
}
