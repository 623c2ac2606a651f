package pin

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// tree is a node as text, with what the readers of images look at.
func tree(n *node, b *strings.Builder, indent string) {
	if !n.scalar() {
		fmt.Fprintf(b, "%skind %d\n", indent, n.kind)
	} else if n.value == "" {
		fmt.Fprintf(b, "%snothing\n", indent)
	} else if n.kind >= literalScalar {
		fmt.Fprintf(b, "%sblock %d at %d\n", indent, n.kind, n.at)
	} else {
		fmt.Fprintf(b, "%s%d %q at %d\n", indent, n.kind, n.value, n.at)
	}
	for _, c := range n.children {
		tree(c, b, indent+" ")
	}
}

// same holds the plain reader against the library; it reports whether the plain one read the file.
func same(t *testing.T, name, src string) bool {
	t.Helper()
	fast, ok := parsePlain(src)
	if !ok {
		return false
	}
	docs, err := parseYAML(src)
	if err != nil || len(docs) != 1 {
		t.Errorf("%s: the library says %v, with %d documents\n%s", name, err, len(docs), src)
		return true
	}
	var got, want strings.Builder
	tree(fast, &got, "")
	tree(docs[0], &want, "")
	if got.String() != want.String() {
		t.Errorf("%s: read\n%s\nthe library reads\n%s\nof\n%s", name, got.String(), want.String(), src)
	}
	return true
}

// plain are files that the plain reader reads itself.
var plain = []string{
	"a: b\n", "---\na: b", "a:\n- b\n- c: d\n  e: f\n-\n  g: h\nx:\n", "a:\n    - b # c\n    -   c: 1\n        d: 2\n\n# e\n    - 'it'\n",
	"on: {push: {branches: [a, \"b\", 'c*']}}\n", "a: []\nb: {}\nc: [a, [b, c], {d: e}]\n", "run: |\n  a\n   b\n\n  c: d # e\nnext: >-\n  x\n  y\n\n# z\nlast: |+\n\n  # k\n",
	"\"on\":\n  push:\na: x:y\nb: http://c\nd: -e\nf: |\ng: ${{ a.b }}\n", "env:\n  A: 1 # x\n  B: \"${{ x }}\"\n  C: a#b\n", "- a\n- b: c\n",
}

func TestPlainYAML(t *testing.T) {
	for _, src := range plain {
		if !same(t, "plain", src) {
			t.Errorf("is not read: %s", src)
		}
	}
	for _, src := range []string{"a: &b c\n", "a: *b\n", "a: !!str b\n", "a: \"\\x41\"\n", "a: 'b''c'\n", "a: b\n  c\n", "a: [b,\n c]\n", "a: \"b\n c\"\n", "? a\n: b\n", "a: b\n---\nc: d\n", "\ta: b\n", "a: b\r\n", "a: é\n",
		"a: |2\n   b\n", "a: b: c\n", "a\n", "", "a: |\n b\n  c\nd: |\n   e\n  f\n", "%YAML 1.1\n---\na: b\n", "a: b\n...\n", "a: @b\n", "a:\n  b: c\n d: e\n", "- - a\n", "a: b\n  - c\n", "a: [b, #c\n", "a: {b}\n", "[a]\n", "a: >+\n\n"} {
		if same(t, "other", src) {
			t.Errorf("is read: %q", src)
		}
	}
	for _, c := range scans {
		same(t, c.name, c.src)
	}
}

// TestPlainYAMLReal reads the YAML files of the release, when it is unpacked.
func TestPlainYAMLReal(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(os.Getenv("SBOMCTL_YAML"), "*.y*ml"))
	if err != nil || os.Getenv("SBOMCTL_YAML") == "" {
		t.Skip("SBOMCTL_YAML names no folder with YAML files")
	}
	n := 0
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if same(t, path, string(b)) {
			n++
		}
	}
	t.Logf("%d of %d are read", n, len(paths))
}

// FuzzPlainYAML: what the plain reader reads is what the library reads.
func FuzzPlainYAML(f *testing.F) {
	for _, src := range plain {
		f.Add(src)
	}
	for _, c := range scans {
		f.Add(c.src)
	}
	f.Fuzz(func(t *testing.T, src string) {
		if len(src) > 1<<14 || diag.CheckText("a", []byte(src)) != nil {
			return
		}
		same(t, "fuzz", src)
	})
}
