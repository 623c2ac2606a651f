package rules

import (
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestPackageDoc: the package's comment names each operation and each package below it, and no operation that there is not.
func TestPackageDoc(t *testing.T) {
	f, err := parser.ParseFile(token.NewFileSet(), "rules.go", nil, parser.ParseComments|parser.PackageClauseOnly)
	if err != nil {
		t.Fatal(err)
	}
	words := strings.FieldsFunc(f.Doc.Text(), func(r rune) bool { return strings.ContainsRune(" \t\n,:;()", r) })
	var names []string
	for _, op := range Set(nil).Operations {
		names = append(names, op.Name)
		if !slices.Contains(words, op.Name) {
			t.Errorf("operation %s is not there", op.Name)
		}
	}
	for _, w := range words {
		if prefix, _, ok := strings.Cut(w, "."); ok && slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(n, prefix+".") }) && !slices.Contains(names, w) {
			t.Errorf("%s is no operation", w)
		}
	}
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() && e.Name() != "testdata" && !slices.Contains(words, e.Name()) {
			t.Errorf("package %s is not there", e.Name())
		}
	}
}
