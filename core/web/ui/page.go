package ui

import "time"

// Tone says how something is meant, and so how it is coloured.
type Tone string

// The tones.
const (
	Plain Tone = "plain"
	Good  Tone = "good"
	Bad   Tone = "bad"
	Wait  Tone = "wait"
)

// Page is what the layout shows around a page's content.
type Page struct {
	Title string
	// Person is who is signed in; empty for nobody.
	Person string
	// Links lead to the other pages; Here is the path of the one that is shown.
	Links []Link
	Here  string
	// Notices are shown once, above everything else.
	Notices []Notice
	// Assets holds the address of each file in core/web/assets by its name.
	Assets map[string]string
	// Scripts names further files to be loaded.
	Scripts []string
	Clock   Clock
}

// Link is an entry of the navigation.
type Link struct {
	Text string
	Path string
	// Counted links show how much there is behind them, and keep that up to date; nothing is shown of an empty count.
	Counted bool
	Count   string
}

// Notice is a sentence for the reader.
type Notice struct {
	Tone Tone
	Text string
}

// Clock writes times for one reader.
type Clock struct {
	Now  time.Time
	Zone *time.Location
}
