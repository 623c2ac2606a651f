package main

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// TestSecondBuild builds every workspace of the repository twice: the second build runs nothing, changes no
// output, and says again what the first one warned of.
func TestSecondBuild(t *testing.T) {
	var roots []string
	err := filepath.WalkDir(repository, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == ".git" || d.Name() == outDirName):
			return filepath.SkipDir
		case d.Name() == "sbom.star" && d.Type().IsRegular():
			root, err := filepath.Rel(repository, filepath.Dir(path))
			roots = append(roots, filepath.ToSlash(root))
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(roots) < 3 {
		t.Fatalf("only the workspaces %q were found", roots)
	}
	for _, root := range roots {
		for _, jobs := range []int{1, 64} {
			t.Run(fmt.Sprintf("%s, %d jobs", root, jobs), func(t *testing.T) {
				args := []string{"//...", "-k", fmt.Sprintf("--jobs=%d", jobs)}
				var w *realWorkspace
				if root == "." { // the checkout holds other workspaces, and the tests
					w = repositoryWorkspace(t)
				} else {
					dir := distdir
					if root == "examples/git" {
						dir = gitDistdir
					}
					args = append(args, "--distdir="+dir(t))
					w = emptyWorkspace(t)
					copyTree(t, filepath.Join(repository, root), w.root)
				}
				first := w.build(args...)
				outputs := w.outputs()
				if first.code > 1 || len(outputs) == 0 {
					t.Fatalf("exit %d, %d outputs\n%s", first.code, len(outputs), first.stderr)
				}
				second := w.build(args...)
				if second.code != first.code {
					t.Errorf("the second build exits %d, the first one %d\n%s", second.code, first.code, second.stderr)
				}
				if !strings.Contains(second.stderr, ": 0 ran, ") || len(second.executed()) > 0 {
					t.Errorf("the second build ran %q:\n%s", second.executed(), second.stderr)
				}
				sameOutputs(t, "the second build", w.outputs(), outputs)
				if a, b := strings.Join(first.warnings(), "\n"), strings.Join(second.warnings(), "\n"); a != b {
					t.Errorf("the first build warned of\n%s\nthe second of\n%s", a, b)
				}
			})
		}
	}
}
