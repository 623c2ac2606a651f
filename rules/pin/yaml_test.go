package pin

import "testing"

// yamls are files that are YAML, in ways that workflows are written in and in others.
var yamls = []string{
	"a: b\n", "---\na: b", "a:\n- b\n- c: d\n  e: f\n-\n  g: h\nx:\n", "a:\n    - b # c\n    -   c: 1\n        d: 2\n\n# e\n    - 'it'\n",
	"on: {push: {branches: [a, \"b\", 'c*']}}\n", "a: []\nb: {}\nc: [a, [b, c], {d: e}]\n", "run: |\n  a\n   b\n\n  c: d # e\nnext: >-\n  x\n  y\n\n# z\nlast: |+\n\n  # k\n",
	"\"on\":\n  push:\na: x:y\nb: http://c\nd: -e\nf: |\ng: ${{ a.b }}\n", "env:\n  A: 1 # x\n  B: \"${{ x }}\"\n  C: a#b\n", "- a\n- b: c\n",
	"a: &b c\nd: *b\n", "a: !!str b\n", "a: \"\\x41\"\n", "a: 'b''c'\n", "a: b\n  c\n", "a: [b,\n c]\n", "a: \"b\n c\"\n", "? a\n: b\n", "a: b\n---\nc: d\n", "a: b\r\n", "a: é\n",
	"a: |2\n   b\n", "a\n", "", "%YAML 1.1\n---\na: b\n", "a: b\n...\n", "- - a\n", "a: {b}\n", "[a]\n", "a: >+\n\n",
}

// TestYAML: each is read, and FuzzScan begins with them.
func TestYAML(t *testing.T) {
	for _, src := range yamls {
		if s := scan("a.yml", []byte(src)); len(s.notes) > 0 {
			t.Errorf("%q: %+v", src, s.notes)
		}
	}
	for _, src := range []string{"\ta: b\n", "a: b: c\n", "a: @b\n", "a:\n  b: c\n d: e\n", "a: *b\n"} {
		if s := scan("a.yml", []byte(src)); len(s.notes) != 1 {
			t.Errorf("%q: %+v", src, s.notes)
		}
	}
}
