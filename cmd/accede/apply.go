package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	v1 "github.com/accede/accede/api/v1"
	"github.com/accede/accede/client"
)

const maxDocument = 1 << 20

func (a *app) apply() *cobra.Command {
	var from []string
	var dryRun bool
	c := &cobra.Command{
		Use: "apply -f FILE|DIR|-", Short: "Create or change roles and people from YAML files, all or none",
		Long: "Creates or changes roles and people from YAML files, all or none. Every problem of every document is named with\n" +
			"file, line and column. --dry-run changes nothing and shows what would change as a diff: the document as it is\n" +
			"stored against the document as it is applied, both as Accede writes them. What has no effect is warned of.",
		Example: "  accede apply -f roles/ --dry-run\n  accede apply -f roles/ -f users.yaml",
		Args:    exactly(),
	}
	c.Flags().StringArrayVarP(&from, "file", "f", nil, "a file, a folder with .yaml and .yml files, or - for stdin; may be repeated")
	c.Flags().BoolVar(&dryRun, "dry-run", false, "only say what would change, with a diff")
	c.RunE = func(command *cobra.Command, args []string) error {
		documents, err := a.documents(from)
		if err != nil {
			return err
		}
		return a.calling(func(ctx context.Context, c *client.Client, _ []string) error {
			result, err := c.Apply(ctx, v1.ApplyInput{Documents: documents, DryRun: dryRun})
			if err != nil {
				return err
			}
			return a.printApplied(result, dryRun)
		})(command, args)
	}
	return c
}

func (a *app) printApplied(result v1.ApplyResult, dryRun bool) error {
	return a.print(result, func(w io.Writer) {
		would := ""
		if dryRun {
			would = "would be "
		}
		for _, applied := range result.Applied {
			row(w, fmt.Sprintf("%s/%s", applied.Kind, applied.Name), would+applied.Change)
		}
		if dryRun {
			printDiffs(w, result.Applied)
		}
		for _, applied := range result.Applied {
			for _, warning := range applied.Warnings {
				row(w, fmt.Sprintf("warning: %s/%s: %s", applied.Kind, applied.Name, warning))
			}
		}
	})
}

// printDiffs shows what would change as a unified diff, the stored document on the left.
func printDiffs(w io.Writer, all []v1.Applied) {
	for _, applied := range all {
		if applied.Diff == "" {
			continue
		}
		name := line(applied.Kind + "/" + applied.Name)
		_, _ = fmt.Fprintf(w, "--- %s (stored)\n+++ %s (applied)\n%s", name, name, clean(applied.Diff)) // errors come with the flush
	}
}

func (a *app) documents(from []string) ([]v1.ApplyDocument, error) {
	if len(from) == 0 {
		return nil, usage("Say what to apply: -f FILE, -f DIR or -f - for stdin.")
	}
	var documents []v1.ApplyDocument
	for _, path := range from {
		files, err := filesOf(path)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			text, err := a.readFile(file, maxDocument)
			if err != nil {
				return nil, err
			}
			documents = append(documents, v1.ApplyDocument{Name: shownPath(file), YAML: string(text)})
		}
	}
	return documents, nil
}

// filesOf lists the YAML files of a folder, in order, or the file itself.
func filesOf(path string) ([]string, error) {
	if path == "-" {
		return []string{path}, nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fileError(err)
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	var files []string
	err = filepath.WalkDir(path, func(file string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && slices.Contains([]string{".yaml", ".yml"}, filepath.Ext(file)) {
			files = append(files, file)
		}
		return err
	})
	if err != nil {
		return nil, fileError(err)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s has no .yaml or .yml file", path)
	}
	return files, nil
}
