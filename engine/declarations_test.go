package engine

import (
	"slices"
	"strings"
	"testing"

	"github.com/sbomctl/sbomctl/engine/label"
)

func (f *fixture) open() *Workspace {
	f.t.Helper()
	w, err := Open(f.t.Context(), f.opt)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(w.Close)
	return w
}

// TestPreview: a workspace can be looked at as it would be after changes; what it is, and what is remembered of it, stays.
func TestPreview(t *testing.T) {
	f := sample(t)
	f.mustRun([]string{"//:a Join", "//:ab Join", "//:b Join"}, "//...")
	w := f.open()
	before, err := w.Source("BUILD.star")
	if err != nil || string(before) != buildFile {
		t.Fatalf("%s, %v", before, err)
	}
	preview := func(old, new string) *Workspace {
		v, err := w.Preview(t.Context(), []Change{{Path: "BUILD.star", Before: before, After: []byte(strings.Replace(buildFile, old, new, 1))}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(v.Close)
		return v
	}
	differing := func(v *Workspace) string {
		l, err := w.Differing(v, "")
		if err != nil {
			return err.Error()
		}
		var out []string
		for _, l := range l {
			out = append(out, l.String())
		}
		return strings.Join(out, " ")
	}
	for _, c := range []struct{ old, new, want string }{
		{`"a/**"`, `"b/**"`, "//:a"},
		{`name = "a"`, `name = "c"`, "//:a //:c"},
		{"\n", "# a comment\n", ""},
		{`deps = [":a"`, `deps = [`, "BUILD.star:5:27: syntax error: got ',', want primary expression"},
	} {
		if got := differing(preview(c.old, c.new)); got != c.want {
			t.Errorf("%s to %s: got %s, want %s", c.old, c.new, got, c.want)
		}
	}
	v := preview(`"a/**"`, `"/a/**"`)
	if _, _, err := v.Declared(label.Label{Name: "a"}); err == nil || !strings.Contains(err.Error(), `pattern "/a/**" is absolute`) {
		t.Errorf("got %v", err)
	}
	if site, rule, err := w.Declared(label.Label{Name: "ab"}); site.Pos.String() != "BUILD.star:5:1" || rule != "join" || err != nil {
		t.Errorf("%s, %s, %v", site.Pos, rule, err)
	}
	if _, _, err := w.Declared(label.Label{Name: "aa"}); err == nil || !strings.Contains(err.Error(), "no target //:aa") {
		t.Errorf("got %v", err)
	}
	w.Close()
	f.mustRun([]string{}, "//...")
}

func TestTargets(t *testing.T) {
	f := sample(t)
	f.write("sub/BUILD.star", "load(\"@sbomctl//:rules.star\", \"join\")\njoin(name = \"x\", tags = [\"manual\"], forbid = \"w\")\n")
	w := f.open()
	got, err := w.Targets()
	want := []label.Label{{Name: "a"}, {Name: "ab"}, {Name: "b"}, {Pkg: "sub", Name: "x"}}
	if !slices.Equal(got, want) || err != nil {
		t.Errorf("%v, %v", got, err)
	}
	var p struct {
		Word string `json:"word"`
	}
	if ok, err := w.Params(want[3], "test.forbid", &p); !ok || err != nil || p.Word != "w" {
		t.Errorf("%v, %v, %q", ok, err, p.Word)
	}
	if ok, err := w.Params(want[0], "test.forbid", &p); ok || err != nil {
		t.Errorf("%v, %v", ok, err)
	}
}

// TestStarlarkFiles: what belongs to the workspace, as packages do.
func TestStarlarkFiles(t *testing.T) {
	f := sample(t)
	for _, name := range []string{"lib/x.star", "lib/deep/y.star", "lib/other/sbom.star", "lib/other/z.star", ".git/HEAD", ".git/a.star", ".h.star",
		"ignored/i.star", "sbom-out/o.star", "lib/BUILD.star", "lib/no.txt", "lib/dir.star/f"} {
		f.write(name, "")
	}
	f.write(".git/objects/x", "")
	f.write(".git/refs/x", "")
	f.write(".gitignore", "ignored/\n")
	w := f.open()
	for pattern, want := range map[string]string{
		"//...":              "BUILD.star lib/BUILD.star lib/deep/y.star lib/x.star sbom.star",
		"//:all":             "BUILD.star sbom.star",
		"//lib/...":          "lib/BUILD.star lib/deep/y.star lib/x.star",
		"//lib:all":          "lib/BUILD.star lib/x.star",
		"//lib:deep/y.star":  "lib/deep/y.star",
		"//lib:t":            "lib/BUILD.star",
		"//... -//lib/...":   "BUILD.star sbom.star",
		"//... -//lib:all":   "BUILD.star lib/deep/y.star sbom.star",
		"//ignored/...":      "ignored/i.star",
		"//lib/other/...":    "there is no package //lib/other in this workspace: lib/other is one of its own, since it has an sbom.star",
		"//tree/...":         "there is no .star file for //tree/...",
		"//sbom-out:all":     "there is no package //sbom-out: sbomctl writes sbom-out, and what it writes is never an input",
		"//nope/... //lib:t": "there is no .star file for //nope/...",
	} {
		patterns, err := label.ParsePatterns(strings.Fields(pattern), "")
		if err != nil {
			t.Fatal(err)
		}
		files, err := w.StarlarkFiles(patterns)
		got := strings.Join(files, " ")
		if err != nil {
			got, _, _ = strings.Cut(err.Error(), "\n")
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", pattern, got, want)
		}
	}
}

// TestFormat: files that can be formatted are, whatever is wrong with others.
func TestFormat(t *testing.T) {
	f := newFixture(t, map[string]string{"a.star": "x=1\n", "b.star": "x = (\n", "c.star": "x = 1\n"})
	changes, err := f.open().Format([]string{"a.star", "b.star", "c.star", "none.star"})
	if len(changes) != 1 || changes[0].Path != "a.star" || string(changes[0].Before) != "x=1\n" || string(changes[0].After) != "x = 1\n" {
		t.Errorf("%+v", changes)
	}
	if want := "b.star:2:1: syntax error: got end of file, want primary expression\nnone.star: is not there, expected a file"; err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}
