package pin

import (
	"strings"
	"testing"
)

// TestHostile: files that are made to take for ever, or all memory, are read in a moment, and little is said of them.
func TestHostile(t *testing.T) {
	const size = MaxFileBytes / 4
	fill := func(unit string) string { return strings.Repeat(unit, size/len(unit)) }
	for _, c := range []struct{ name, file, src string }{
		{"commands in commands", "a.sh", fill("$(")},
		{"commands in commands, closed", "a.sh", fill("$(")[:size/2] + strings.Repeat(")", size/2)},
		{"defaults in defaults", "a.sh", fill("${a:-")},
		{"expressions without an end", "a.sh", fill("${{")},
		{"quotes", "a.sh", fill("\"'`")},
		{"a variable that doubles", "a.sh", "A=q.io/a:1\n" + fill("A=$A$A\n")},
		{"a long variable, often", "a.sh", "A=" + strings.Repeat("a", maxValue) + "\n" + fill("docker run $A$A$A\n")},
		{"many values", "a.sh", fill("A=q.io/a:1\n") + "docker run $A"},
		{"many images", "a.sh", fill("docker run a:1\n")},
		{"here-documents", "a.sh", fill("cat <<A <<B\n")},
		{"lines that go on", "a.sh", fill("\\\n")},
		{"a shell that begins itself", "a.sh", "X='sh -c \"$X\"; eval $X'\n" + fill("sh -c \"$X\"\n")},
		{"images that begin alike", "a.sh", "A=q.io/a\n" + fill("A=$A/a\ndocker run $A:1\n")},
		{"no spaces", "a.sh", fill("q.io/")},
		{"defaults that double", "Dockerfile", "ARG A=q.io/a\n" + fill("ARG A=$A$A\n") + "FROM $A"},
		{"Dockerfile lines that go on", "Dockerfile", "FROM \\\n" + fill("#\\\n")},
		{"stages", "Dockerfile", fill("FROM a AS b\n")},
		{"variables in one another", "Makefile", "A=$(B)$(B)\nB=$(C)$(C)\nC=$(D)$(D)\nD=$(A)$(A)\n" + fill("\tdocker run $(A)\n")},
		{"brackets of make", "Makefile", "x:\n\t" + fill("$(")},
		{"lists in lists", "a.yml", fill("[")},
		{"lists in lists, of blocks", "a.yml", fill("- ")},
		{"mappings in mappings", "a.yml", deep()},
		{"an alias bomb", "a.yml", "services:\n  a: &a [x,x,x,x,x,x,x,x,x]\n  b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n  c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n  d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n  e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\n  image: *e\n"},
		{"steps with an environment", "a.yml", "jobs:\n  a:\n    env: {" + strings.Repeat("a: b, ", 1000) + "}\n    steps:\n" + strings.Repeat("    - env: {c: d}\n      run: docker run $c\n", 10000)},
		{"no end of keys", "a.yml", fill("a: b\n")},
		{"comments that never end", "a.json", "{" + fill("/*")},
		{"strings that never end", "a.json", fill("\"\\")},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			src := c.src[:min(len(c.src), MaxFileBytes)]
			s := scan(c.file, []byte(src))
			if len(s.found) > maxMentions || len(s.notes) > maxMentions {
				t.Errorf("%d mentions and %d notes", len(s.found), len(s.notes))
			}
			newJudge([]GroupImage{{Label: "//:a", Repository: "q.io/a", Tag: "1", Digest: "sha256:00"}}, "").file(s)
		})
	}
}

// deep is a mapping in a mapping, and so on.
func deep() string {
	var b strings.Builder
	for i := 0; b.Len() < MaxFileBytes/4; i++ {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}
