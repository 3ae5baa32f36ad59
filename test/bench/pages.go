package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"time"

	"github.com/accede/accede/test/stack"
)

const (
	// pageGoal is how fast 99 of 100 pages should answer, and firstLoadGoal how many kB a first visit may load.
	pageGoal      = 50 * time.Millisecond
	firstLoadGoal = 100
)

var (
	requestPage = regexp.MustCompile(`/requests/[0-9a-f-]{36}`)
	assetPath   = regexp.MustCompile(`(?:href|src)="(/assets/[^"]+)"`)
)

// pages measures how fast the pages answer with everything stored, and what a first visit loads.
func (b *bench) pages(ctx context.Context, stored string) error {
	for _, person := range []string{"asker", "judge"} {
		browser, err := b.stack.Browse(ctx, person)
		if err != nil {
			return err
		}
		list, err := browser.Open(ctx, "/requests?state=pending")
		if err != nil {
			return err
		}
		one := requestPage.FindString(list)
		if one == "" {
			return fmt.Errorf("the page of requests shows none to %s", person)
		}
		for _, address := range []string{
			"/", "/waiting", "/requests", "/requests?state=pending", "/requests?asker=me&state=withdrawn", "/requests?text=bench-77",
			"/requests?text=nowhere", "/ask?role=bench", one,
		} {
			b.page(ctx, browser, person, address, stored)
		}
		if err := b.firstLoad(ctx, browser, person, one); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) page(ctx context.Context, browser *stack.Browser, person, address, stored string) {
	_, took := during(b.each/2, 1, func(int) error {
		_, err := browser.Open(ctx, address)
		return err
	})
	b.row(fmt.Sprintf("page %s as %s, %s", requestPage.ReplaceAllString(address, "/requests/ID"), person, stored),
		fmt.Sprintf("p50 %s, p99 %s", millis(took.at(0.5)), millis(took.at(0.99))), "p99 under "+millis(pageGoal), failures(took))
}

// firstLoad counts the bytes, as they travel, that a browser which knows nothing yet loads for a request behind a link: the
// sign-in page, then the request's page, and what either needs.
func (b *bench) firstLoad(ctx context.Context, browser *stack.Browser, person, address string) error {
	signIn, size, err := b.fetch(ctx, "/sign-in")
	if err != nil {
		return err
	}
	page, err := browser.Open(ctx, address)
	if err != nil {
		return err
	}
	size += len(page)
	seen := map[string]bool{}
	for _, found := range assetPath.FindAllStringSubmatch(signIn+page, -1) {
		if seen[found[1]] {
			continue
		}
		seen[found[1]] = true
		_, more, err := b.fetch(ctx, found[1])
		if err != nil {
			return err
		}
		size += more
	}
	b.row("first load of a request's page as "+person, fmt.Sprintf("%d kB in %d answers", size/1000, len(seen)+2),
		fmt.Sprintf("under %d kB", firstLoadGoal), "with the sign-in page")
	return nil
}

// fetch returns a page and how many bytes of it travelled; the page is only readable if it was not compressed.
func (b *bench) fetch(ctx context.Context, path string) (page string, size int, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, b.stack.CoreURL+path, nil)
	if err != nil {
		return "", 0, err
	}
	if path != "/sign-in" {
		request.Header.Set("Accept-Encoding", "gzip")
	}
	response, err := b.http.Do(request)
	if err != nil {
		return "", 0, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return string(body), len(body), err
}
