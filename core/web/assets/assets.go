package assets

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// Prefix begins the address of every file.
const Prefix = "/assets/"

//go:embed *.css *.js *.svg
var files embed.FS

// Set is the files, ready to be sent. It does not change after [Load].
type Set struct {
	byPath map[string]file
	urls   map[string]string
}

type file struct {
	kind           string
	plain, smaller []byte
}

// Load reads the files and compresses each once.
func Load() (*Set, error) {
	entries, err := files.ReadDir(".")
	if err != nil {
		return nil, fmt.Errorf("reading assets: %w", err)
	}
	set := &Set{byPath: map[string]file{}, urls: map[string]string{}}
	for _, entry := range entries {
		if err := set.add(entry.Name()); err != nil {
			return nil, fmt.Errorf("reading asset %s: %w", entry.Name(), err)
		}
	}
	return set, nil
}

func (s *Set) add(name string) error {
	content, err := files.ReadFile(name)
	if err != nil {
		return err
	}
	var smaller bytes.Buffer
	writer, err := gzip.NewWriterLevel(&smaller, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := writer.Write(content); err != nil {
		return err
	}
	if err := writer.Close(); err != nil {
		return err
	}
	sum := sha256.Sum256(content)
	address := Prefix + hex.EncodeToString(sum[:8]) + "/" + name
	s.byPath[address] = file{kind: kindOf(name), plain: content, smaller: smaller.Bytes()}
	s.urls[name] = address
	return nil
}

func kindOf(name string) string {
	switch path.Ext(name) {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	default:
		return mime.TypeByExtension(path.Ext(name))
	}
}

// URLs are the addresses of the files by name.
func (s *Set) URLs() map[string]string { return s.urls }

// ServeHTTP sends a file.
func (s *Set) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	found, ok := s.byPath[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	header := w.Header()
	header.Set("Content-Type", found.kind)
	header.Set("Cache-Control", "public, max-age=31536000, immutable")
	header.Set("Vary", "Accept-Encoding")
	content := found.plain
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		header.Set("Content-Encoding", "gzip")
		content = found.smaller
	}
	header.Set("Content-Length", strconv.Itoa(len(content)))
	_, _ = w.Write(content) // the reader may have gone
}
