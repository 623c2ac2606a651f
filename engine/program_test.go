package engine

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sbomctl/sbomctl/engine/event"
)

// looked builds, and returns the nodes of a kind that were run or found in the cache.
func (f *fixture) looked(kinds string, patterns ...string) []string {
	f.t.Helper()
	var out []string
	f.listeners = []event.Listener{listener(func(e event.Event) {
		if n, ok := e.(event.NodeFinished); ok && slices.Contains(strings.Fields(kinds), n.Kind) {
			out = append(out, n.Name)
		}
	})}
	if _, err := f.build(patterns...); err != nil {
		f.t.Fatal(err)
	}
	slices.Sort(out)
	return out
}

// release is the test rules with another version of one operation.
func release(operation string, version int) RuleSet {
	rules := testRules
	rules.Operations = slices.Clone(rules.Operations)
	for i := range rules.Operations {
		if rules.Operations[i].Name == operation {
			rules.Operations[i].Version = version
		}
	}
	return rules
}

// TestOperationVersion: a release that changes one operation runs again only what used it, although nothing
// else tells the two programs apart.
func TestOperationVersion(t *testing.T) {
	f := sample(t)
	f.write("BUILD.star", strings.Replace(buildFile, `deps = ["note.txt"]`, `deps = ["note.txt"], forbid = "nothing"`, 1))
	f.mustRun([]string{"//:a Join", "//:ab Join", "//:b Forbid", "//:b Join"}, "//:ab")
	f.opt.Rules = release("test.forbid", 2)
	f.mustRun([]string{"//:b Forbid"}, "//:ab")
	f.mustRun(nil, "//:ab")
	f.opt.Rules = release("test.join", 2)
	if got := f.looked("target", "//:ab"); len(got) != 0 {
		t.Errorf("analysed again: %q", got)
	}
	f.opt.Rules = release("test.join", 3)
	f.mustRun([]string{"//:a Join", "//:ab Join", "//:b Join"}, "//:ab") // the results are equal, so the validation holds
}

// TestProgram: another program, of one size and one (clamped) time with the old one, loads and analyses again; as long as that yields
// the same, no action is even looked at.
func TestProgram(t *testing.T) {
	f := sample(t)
	f.opt.Program = filepath.Join(t.TempDir(), "sbomctl")
	install := func(content string) {
		t.Helper()
		tmp := f.opt.Program + ".new"
		if err := os.WriteFile(tmp, []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(tmp, time.Unix(1, 0), time.Unix(1, 0)); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(tmp, f.opt.Program); err != nil {
			t.Fatal(err)
		}
	}
	install("one")
	f.mustRun([]string{"//:a Join", "//:ab Join", "//:b Join"}, "//:ab")
	f.mustRun(nil, "//:ab") // sees that there is an output folder now
	if got := f.looked("package target action", "//:ab"); len(got) != 0 {
		t.Errorf("the same program: %q", got)
	}
	install("two")
	if got := f.looked("action", "//:ab"); len(got) != 0 {
		t.Errorf("actions of another program: %q", got)
	}
	install("six")
	if got, want := f.looked("package target", "//:ab"), []string{"//", "//:a", "//:ab", "//:b", "//:note.txt"}; !slices.Equal(got, want) {
		t.Errorf("loaded and analysed %q, want %q", got, want)
	}
	install("six") // another file with the same bytes
	if got := f.looked("package target", "//:ab"); len(got) != 0 {
		t.Errorf("the same program, copied: %q", got)
	}
}

// TestEmbeddedModule: the text of an embedded module is an input.
func TestEmbeddedModule(t *testing.T) {
	f := sample(t)
	f.mustRun([]string{"//:a Join"}, "//:a")
	changed := testRules
	changed.Modules = map[string][]byte{"rules.star": []byte(strings.Replace(string(testRules.Modules["rules.star"]), `+ ".txt"`, `+ ".text"`, 1))}
	f.opt.Rules = changed
	if _, err := f.build("//:a"); err != nil || f.read("a.text") != "one two " {
		t.Errorf("%q, %v", f.read("a.text"), err)
	}
}
