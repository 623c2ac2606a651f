package pin

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/action/actiontest"
	"github.com/sbomctl/sbomctl/engine/finding"
)

var (
	d1 = "sha256:" + strings.Repeat("1", 64)
	d2 = "sha256:" + strings.Repeat("2", 64)
)

// TestJudge: what is said of each way to name an image, and what to write instead.
func TestJudge(t *testing.T) {
	images := []GroupImage{
		{Label: "//:autoconf", Repository: "quay.io/tiran/cpython_autoconf", Tag: "269", Digest: d1, Role: "autoconf"},
		{Label: "//:newer", Repository: "quay.io/tiran/cpython_autoconf", Tag: "271", Digest: d2},
		{Label: "//:alpine", Repository: "docker.io/library/alpine", Tag: "3", Digest: d1},
		{Label: "//:unpinned", Repository: "q.io/u", Tag: "1"},
		{Label: "//:untagged", Repository: "q.io/t", Digest: d1},
	}
	j := newJudge(images, "//:all")
	autoconf := "quay.io/tiran/cpython_autoconf"
	for _, c := range []struct{ written, rule, severity, write string }{
		{autoconf + ":269@" + d1, "", "", ""},
		{autoconf + ":271@" + d2, "", "", ""},
		{autoconf + ":269", NotPinnedID, "error", autoconf + ":269@" + d1},
		{autoconf + ":271", NotPinnedID, "error", autoconf + ":271@" + d2},
		{autoconf, NotPinnedID, "error", autoconf + ":269@" + d1},
		{autoconf + "@" + d2, DriftID, "warning", autoconf + ":271@" + d2},
		{autoconf + ":269@" + d2, DriftID, "error", autoconf + ":271@" + d2}, // the digest says which of the two it is
		{autoconf + ":270@" + d1, DriftID, "error", autoconf + ":269@" + d1},
		{autoconf + ":269@sha256:00", DriftID, "error", autoconf + ":269@" + d1},
		{"ghcr.io/python/autoconf:1", NotPinnedID, "warning", autoconf + ":269@" + d1},
		{"ghcr.io/python/autoconf:1@" + d1, DriftID, "error", autoconf + ":269@" + d1},
		{"ghcr.io/python/autoconfig:1", UndeclaredID, "warning", ""},
		{"alpine:3", NotPinnedID, "error", "alpine:3@" + d1},
		{"library/alpine:3@" + d1, "", "", ""},
		{"index.docker.io/library/alpine:3@" + d1, "", "", ""},
		{"q.io/u:1", NotPinnedID, "warning", ""},
		{"q.io/u:1@" + d1, DriftID, "error", ""},
		{"q.io/t:3@" + d1, "", "", ""}, // what is declared without a tag has nothing against one
		{"q.io/t@" + d1, "", "", ""},
		{"q.io/t:3", NotPinnedID, "error", "q.io/t:3@" + d1},
		{"debian@" + d1, UndeclaredID, "warning", ""},
		{"No:such:image", UnresolvedID, "note", ""},
	} {
		s := scan("a.sh", []byte("docker run "+c.written+"\n"))
		found := j.file(s)
		var got, want string
		for _, f := range found {
			got += fmt.Sprintf("%s %s %s", f.Rule, f.Severity, f.Pos)
			if f.Fix.Edit() {
				got += " " + f.Fix.Old + " -> " + f.Fix.New
			}
		}
		if c.rule != "" {
			want = fmt.Sprintf("%s %s a.sh:1:12", c.rule, c.severity)
		}
		if c.write != "" {
			want += " " + c.written + " -> " + c.write
		}
		if got != want {
			t.Errorf("%s: found\n  %s\nexpected\n  %s", c.written, got, want)
		}
	}
}

// TestJudgeAlone: a container_image by itself says of another image that a container_references is for both.
func TestJudgeAlone(t *testing.T) {
	j := newJudge([]GroupImage{{Label: "//:a", Repository: "q.io/a", Tag: "1", Digest: d1}}, "")
	found := j.file(scan("a.sh", []byte("docker run b:2\n")))
	if len(found) != 1 || found[0].Rule != UndeclaredID || !strings.Contains(strings.Join(found[0].Hints, "\n"), "container_references") {
		t.Errorf("%+v", found)
	}
}

// TestUnread: of a file that cannot be read it is said that nothing is known.
func TestUnread(t *testing.T) {
	call := &actiontest.Call{Parameters: Image{Label: "//:a", Repository: "q.io/a", Tag: "1", Digest: d1}, Inputs: map[string][]action.File{InputFiles: {
		actiontest.File("large.sh", make([]byte, MaxFileBytes+1)), actiontest.File("nul.sh", []byte("a\x00")), actiontest.File("latin1.sh", []byte("\xe9\n")), actiontest.File("ok.sh", []byte("docker run q.io/a:1@"+d1)),
	}}}
	if err := runImage(context.Background(), call); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range call.Findings {
		if f.Rule != UnresolvedID || f.Severity != finding.Warning {
			t.Errorf("%+v", f)
		}
		got = append(got, f.Pos.String())
	}
	if want := "large.sh nul.sh:1:2 latin1.sh:1:1"; strings.Join(got, " ") != want {
		t.Errorf("found %q, expected %q", got, want)
	}
}

// TestRewrite: an image that moves takes its own mentions along, and no others.
func TestRewrite(t *testing.T) {
	images := []GroupImage{
		{Label: "//:a", Repository: "q.io/a", Tag: "1", Digest: d1},
		{Label: "//:b", Repository: "q.io/a", Tag: "2", Digest: d2},
	}
	d3 := "sha256:" + strings.Repeat("3", 64)
	src := "docker run q.io/a:1@" + d1 + "\ndocker run q.io/a:2@" + d2 + "\nT=1\ndocker run q.io/a:$T\ndocker run q.io/c:1\n"
	var got []string
	for _, e := range Rewrite(images, 0, "9", d3, "a.sh", []byte(src)) {
		got = append(got, fmt.Sprintf("%s %q -> %q", e.Pos, e.Old, e.New))
	}
	want := []string{
		fmt.Sprintf("a.sh:1:12 %q -> %q", "q.io/a:1@"+d1, "q.io/a:9@"+d3),
		fmt.Sprintf("a.sh:4:12 %q -> %q", "q.io/a:1", ""),
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("found\n%s\nexpected\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// FuzzReference: a reference is the text that it was read of, and what is a repository to us is one to the client of registries.
func FuzzReference(f *testing.F) {
	for _, s := range []string{"alpine", "q.io/a/b:1", "q.io:5000/a@" + d1, "q.io/a:1@sha512:00", "localhost/a", "[::1]:5000/a:1", "UPPER/a", "a/../b", "q.io//a", "a:b:c", "@", ":1", "q.io/a_b__c-d.e:T"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if r, ok := ParseReference(s); ok && (r.String() != s || normal(r.Repository) == "") {
			t.Errorf("%q is read as %+v", s, r)
		}
		if CheckRepository(s) != nil {
			return
		}
		if _, err := name.NewRepository(s, name.StrictValidation); err != nil {
			t.Errorf("%q: %v", s, err)
		}
		if r, ok := ParseReference(s); !ok || r.Tag != "" || r.Digest != "" || r.Repository != s {
			t.Errorf("%q is read as %+v", s, r)
		}
	})
}

// TestPieces: a mention that is written in pieces is where it is used, so that two of them are told apart.
func TestPieces(t *testing.T) {
	j := newJudge([]GroupImage{{Label: "//:a", Repository: "q.io/a", Tag: "1", Digest: d1}}, "//:all")
	var got []string
	for _, f := range j.file(scan("a.sh", []byte("A=q.io/a B=q.io/b\ndocker run $A:1@"+d1+"\ndocker run $A:1\ndocker run $B:1\ndocker run $B:2\n"))) {
		got = append(got, f.Rule+" "+f.Pos.String()+" "+f.Found)
	}
	if got, want := strings.Join(got, "; "), "not-pinned a.sh:3:12 q.io/a:1; undeclared-image a.sh:4:12 q.io/b:1; undeclared-image a.sh:5:12 q.io/b:2"; got != want {
		t.Errorf("found\n  %s\nexpected\n  %s", got, want)
	}
}
