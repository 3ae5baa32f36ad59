package web_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

func TestAssetsAreKeptUntilTheyChange(t *testing.T) {
	h := open(t)
	page := h.signedIn("ivan").get("/requests/" + h.ask("why").ID)
	found := regexp.MustCompile(`(?:src|href)="(/assets/[^"]+)"`).FindAllStringSubmatch(page.body, -1)
	if len(found) != 6 {
		t.Fatalf("the page loads %q", found)
	}
	total := len(page.body)
	for _, one := range found {
		got := h.browser().do(http.MethodGet, one[1], nil, map[string]string{"Accept-Encoding": "gzip"})
		got.want(http.StatusOK)
		if got.header.Get("Cache-Control") != "public, max-age=31536000, immutable" || got.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s has %v", one[1], got.header)
		}
		total += len(got.body)
		reader, err := gzip.NewReader(strings.NewReader(got.body))
		if err != nil {
			t.Fatal(err)
		}
		plain, err := io.ReadAll(reader)
		if err != nil {
			t.Fatal(err)
		}
		if same := h.browser().do(http.MethodGet, one[1], nil, map[string]string{"Accept-Encoding": "identity"}); same.body != string(plain) {
			t.Errorf("%s differs when it is compressed", one[1])
		}
	}
	if total > 100_000 {
		t.Errorf("the first load takes %d bytes", total)
	}
	h.browser().get("/assets/0000/style.css").want(http.StatusNotFound)
}

func TestPagesThatAreNotThere(t *testing.T) {
	h := open(t)
	for _, path := range []string{"/nowhere", "/requests/", "/requests/x/y"} {
		h.browser().get(path).want(http.StatusNotFound, "There is no page at this address")
	}
	ivan := h.signedIn("ivan")
	ivan.get("/requests/nothing").want(http.StatusNotFound, "There is no page at this address", "Ivan Petrov")
	ivan.post("/sign-in/nowhere", nil).want(http.StatusNotFound)
}
