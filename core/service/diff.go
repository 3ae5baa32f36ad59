package service

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
)

const (
	// diffContext is how many unchanged lines are shown around a change.
	diffContext = 3
	// maxDiffCells bounds the table in which the longest common part of two texts is looked for; beyond it everything
	// between the first and the last change counts as changed.
	maxDiffCells = 4 << 20
)

// diffDocuments compares two documents as YAML, before as it is stored, or nil, and after as it is applied.
func diffDocuments(before, after any) (string, error) {
	old, err := yamlLines(before)
	if err != nil {
		return "", err
	}
	fresh, err := yamlLines(after)
	if err != nil {
		return "", err
	}
	return unified(diffLines(old, fresh)), nil
}

func yamlLines(document any) ([]string, error) {
	if document == nil {
		return nil, nil
	}
	body, err := json.Marshal(document)
	if err != nil {
		return nil, fmt.Errorf("encoding document: %w", err)
	}
	text, err := yaml.JSONToYAML(body)
	if err != nil {
		return nil, fmt.Errorf("writing document as YAML: %w", err)
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n"), nil
}

// edit is a line that was kept (' '), removed ('-') or added ('+').
type edit struct {
	sign byte
	line string
}

func edits(sign byte, lines []string) []edit {
	all := make([]edit, len(lines))
	for i, line := range lines {
		all[i] = edit{sign, line}
	}
	return all
}

// diffLines turns one text into another with few edits.
func diffLines(old, fresh []string) []edit {
	head := 0
	for head < min(len(old), len(fresh)) && old[head] == fresh[head] {
		head++
	}
	tail := 0
	for tail < min(len(old), len(fresh))-head && old[len(old)-1-tail] == fresh[len(fresh)-1-tail] {
		tail++
	}
	all := edits(' ', old[:head])
	all = append(all, diffMiddle(old[head:len(old)-tail], fresh[head:len(fresh)-tail])...)
	return append(all, edits(' ', old[len(old)-tail:])...)
}

func diffMiddle(old, fresh []string) []edit {
	if (len(old)+1)*(len(fresh)+1) > maxDiffCells {
		return append(edits('-', old), edits('+', fresh)...)
	}
	common := commonLengths(old, fresh)
	var all []edit
	i, j := 0, 0
	for i < len(old) && j < len(fresh) {
		switch {
		case old[i] == fresh[j]:
			all = append(all, edit{' ', old[i]})
			i, j = i+1, j+1
		case common[i+1][j] >= common[i][j+1]:
			all = append(all, edit{'-', old[i]})
			i++
		default:
			all = append(all, edit{'+', fresh[j]})
			j++
		}
	}
	return append(append(all, edits('-', old[i:])...), edits('+', fresh[j:])...)
}

// commonLengths says at [i][j] how long the longest common part of old from i on and fresh from j on is.
func commonLengths(old, fresh []string) [][]int32 {
	table := make([][]int32, len(old)+1)
	for i := range table {
		table[i] = make([]int32, len(fresh)+1)
	}
	for i := len(old) - 1; i >= 0; i-- {
		for j := len(fresh) - 1; j >= 0; j-- {
			if old[i] == fresh[j] {
				table[i][j] = table[i+1][j+1] + 1
			} else {
				table[i][j] = max(table[i+1][j], table[i][j+1])
			}
		}
	}
	return table
}

// unified writes edits as hunks, each with a few unchanged lines around it.
func unified(all []edit) string {
	var text strings.Builder
	oldLine, freshLine := 1, 1
	for i := 0; i < len(all); {
		end := hunkEnd(all, i)
		if end > i {
			writeHunk(&text, all[i:end], oldLine, freshLine)
		} else {
			end = i + 1
		}
		removed, added := count(all[i:end])
		oldLine, freshLine, i = oldLine+removed, freshLine+added, end
	}
	return text.String()
}

// hunkEnd is where a hunk ends that begins at start; start itself if none does, because no change is near enough.
func hunkEnd(all []edit, start int) int {
	end, reach := start, start+diffContext
	for i := start; i < len(all) && i <= reach; i++ {
		if all[i].sign != ' ' {
			end, reach = min(i+1+diffContext, len(all)), i+2*diffContext+1
		}
	}
	return end
}

// count says how many lines of the old and of the new text edits cover.
func count(part []edit) (old, fresh int) {
	for _, e := range part {
		if e.sign != '+' {
			old++
		}
		if e.sign != '-' {
			fresh++
		}
	}
	return old, fresh
}

func writeHunk(text *strings.Builder, hunk []edit, oldLine, freshLine int) {
	old, fresh := count(hunk)
	fmt.Fprintf(text, "@@ -%s +%s @@\n", span(oldLine, old), span(freshLine, fresh))
	for _, e := range hunk {
		text.WriteByte(e.sign)
		text.WriteString(e.line + "\n")
	}
}

// span is a range of lines as unified diffs write it: an empty one begins before its first line.
func span(line, count int) string {
	if count == 0 {
		line--
	}
	return fmt.Sprintf("%d,%d", line, count)
}
