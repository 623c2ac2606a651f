package vendor

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sbomctl/sbomctl/cache"
)

// file is a File in memory.
func file(path, content string) File {
	return File{Path: path, Digest: cache.Of([]byte(content)), Read: func() ([]byte, error) { return []byte(content), nil }}
}

// files are path, content, path, content, ...
func list(pairs ...string) (out []File) {
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, file(pairs[i], pairs[i+1]))
	}
	return out
}

// verdicts is one line a file: "verdict path [upstream] patches".
func verdicts(r *Result) string {
	var lines []string
	for _, f := range r.Files {
		line := string(f.Verdict) + " " + f.Path
		if f.Upstream != "" {
			line += " <- " + f.Upstream
		}
		lines = append(lines, strings.TrimSuffix(line+" "+strings.Join(f.Patches, ","), " "))
	}
	return strings.Join(lines, "\n")
}

func found(r *Result) string {
	var lines []string
	for _, f := range r.Findings {
		lines = append(lines, f.Rule+" "+f.Diagnostic().Error())
	}
	return strings.Join(lines, "\n")
}

// abc is a patch of a.c in which line 2 of three changes.
const (
	before = "one\ntwo\nthree\n"
	now    = "one\n2\nthree\n"
	abc    = "--- a/src/a.c\n+++ b/src/a.c\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n"
)

func TestVerdicts(t *testing.T) {
	const binary = "\x00\x01"
	tests := []struct {
		name     string
		in       Input
		verdicts string
		found    string // a part; "" for nothing
	}{
		{"identical", Input{Archive: true, Files: list("v/a.c", before), Upstream: list("src/a.c", before)}, "identical v/a.c <- src/a.c", ""},
		{"patched", Input{Archive: true, Files: list("v/a.c", now), Upstream: list("src/a.c", before), Patches: list("p", abc)}, "patched v/a.c <- src/a.c p", ""},
		{"unexplained", Input{Archive: true, Files: list("v/a.c", now), Upstream: list("src/a.c", before)}, "unexplained v/a.c <- src/a.c", "unexplained v/a.c:2: differs from upstream's src/a.c, and nothing declared explains it"},
		{"beyond the patch", Input{Archive: true, Files: list("v/a.c", now+"four\n"), Upstream: list("src/a.c", before), Patches: list("p", abc)}, "unexplained v/a.c <- src/a.c", "differs from what p makes of upstream's src/a.c"},
		{"patch not applied", Input{Archive: true, Files: list("v/a.c", before), Upstream: list("src/a.c", before), Patches: list("p", abc)}, "unexplained v/a.c <- src/a.c", "differs from what p makes"},
		{"local", Input{Archive: true, Files: list("v/a.c", now, "v/own.c", ""), Upstream: list("src/a.c", before), Local: []string{"v/*.c"}}, "local v/a.c <- src/a.c\nlocal v/own.c", ""},
		{"local for nothing", Input{Archive: true, Files: list("v/a.c", before), Upstream: list("src/a.c", before), Local: []string{"v/b.c"}}, "identical v/a.c <- src/a.c", `local pattern "v/b.c" matches no file of the package`},
		{"not upstream's", Input{Archive: true, Files: list("v/new.c", ""), Upstream: list("src/a.c", before)}, "unexplained v/new.c", "upstream's archive has no such file"},
		{"the name says which", Input{Archive: true, Files: list("v/lib/a.c", before), Upstream: list("src/a.c", "x", "lib/a.c", before)}, "identical v/lib/a.c <- lib/a.c", ""},
		{"two of one name", Input{Archive: true, Files: list("v/a.c", before), Upstream: list("src/a.c", "x", "lib/a.c", "y")}, "unexplained v/a.c", "it may be lib/a.c or src/a.c; mapping says which"},
		{"mapping", Input{Archive: true, Files: list("v/a.c", before, "v/renamed.h", "h"), Upstream: list("src/a.c", "x", "lib/a.c", before, "inc/x.h", "h"), Mapping: map[string]string{"lib": "v", "inc/x.h": "v/renamed.h"}},
			"identical v/a.c <- lib/a.c\nidentical v/renamed.h <- inc/x.h", ""},
		{"mapping of nothing", Input{Archive: true, Files: list("v/a.c", before), Upstream: list("src/a.c", before), Mapping: map[string]string{"scr": "v"}}, "unexplained v/a.c", `mapping names "scr", and upstream has no such file or folder; did you mean "src"?`},
		{"two patches on one file", Input{Archive: true, Files: list("v/a.c", "1\n2\nthree\n"), Upstream: list("src/a.c", before), Patches: list("p1", abc, "p2", "--- a/src/a.c\n+++ b/src/a.c\n@@ -1,2 +1,2 @@\n-one\n+1\n 2\n")}, "patched v/a.c <- src/a.c p1,p2", ""},
		{"two patches in the wrong order", Input{Archive: true, Files: list("v/a.c", "1\n2\nthree\n"), Upstream: list("src/a.c", before), Patches: list("p2", "--- a/src/a.c\n+++ b/src/a.c\n@@ -1,2 +1,2 @@\n-one\n+1\n 2\n", "p1", abc)}, "unexplained v/a.c <- src/a.c",
			"patch p2: the patch does not apply to src/a.c: hunk 1 (@@ -1,2 +1,2 @@) does not match at line 2"},
		{"twice", Input{Archive: true, Files: list("v/a.c", now), Upstream: list("src/a.c", before), Patches: list("p", abc, "q", abc)}, "patched v/a.c <- src/a.c p", "patch q: the patch cannot be used: it is declared twice: p is the same patch"},
		{"the same change twice", Input{Archive: true, Files: list("v/a.c", now), Upstream: list("src/a.c", before), Patches: list("p", abc, "q", "again\n"+abc)}, "patched v/a.c <- src/a.c p", "patch q: the patch does not apply to src/a.c: hunk 1 (@@ -1,3 +1,3 @@) does not match at line 2"},
		{"in upstream already", Input{Archive: true, Files: list("v/a.c", now), Upstream: list("src/a.c", now), Patches: list("p", abc)}, "identical v/a.c <- src/a.c", "patch p: the patch does not apply to src/a.c: upstream has the change already; the patch is needed no more"},
		{"offset", Input{Archive: true, Files: list("v/a.c", "zero\n"+now), Upstream: list("src/a.c", "zero\n"+before), Patches: list("p", abc)}, "unexplained v/a.c <- src/a.c", "applies only with an offset of 1 lines, at line 2"},
		{"a new file", Input{Archive: true, Files: list("v/n.c", "n\n"), Upstream: list("src/a.c", before), Patches: list("p", "diff --git a/src/n.c b/src/n.c\nnew file mode 100644\n--- /dev/null\n+++ b/src/n.c\n@@ -0,0 +1 @@\n+n\n"), Mapping: map[string]string{"src": "v"}}, "patched v/n.c <- src/n.c p", ""},
		{"a deleted file", Input{Archive: true, Files: list("v/a.c", before), Upstream: list("src/a.c", before, "src/d.c", "d\n"), Patches: list("p", "diff --git a/src/d.c b/src/d.c\ndeleted file mode 100644\n--- a/src/d.c\n+++ /dev/null\n@@ -1 +0,0 @@\n-d\n")}, "identical v/a.c <- src/a.c", ""},
		{"a renamed file", Input{Archive: true, Files: list("v/b.c", now), Upstream: list("src/a.c", before), Patches: list("p", "diff --git a/src/a.c b/src/b.c\nsimilarity index 50%\nrename from src/a.c\nrename to src/b.c\n"+strings.Replace(abc, "b/src/a.c", "b/src/b.c", 1))}, "patched v/b.c <- src/b.c p", ""},
		{"CRLF", Input{Archive: true, Files: list("v/a.c", now), Upstream: list("src/a.c", "one\r\ntwo\r\nthree\r\n"), Patches: list("p", abc)}, "unexplained v/a.c <- src/a.c", "differs in the ends of lines"},
		{"no newline at the end", Input{Archive: true, Files: list("v/a.c", "1"), Upstream: list("src/a.c", "one"), Patches: list("p", "--- a/src/a.c\n+++ b/src/a.c\n@@ -1 +1 @@\n-one\n\\ No newline at end of file\n+1\n\\ No newline at end of file\n")}, "patched v/a.c <- src/a.c p", ""},
		{"binary", Input{Archive: true, Files: list("v/a.c", binary), Upstream: list("src/a.c", before)}, "unexplained v/a.c <- src/a.c", "nothing declared explains it\n  hint: binary files differ: 14 bytes upstream, 2 bytes in the tree"},
		{"a marker of a binary patch", Input{Archive: true, Files: list("v/a.c", before), Upstream: list("src/a.c", before), Patches: list("p", "diff --git a/src/a.c b/src/a.c\nindex 1..2 100644\nBinary files a/src/a.c and b/src/a.c differ\n")}, "identical v/a.c <- src/a.c", "make it with git diff --binary"},
		{"of another file", Input{Archive: true, Files: list("v/a.c", before), Upstream: list("src/a.c", before), Patches: list("p", strings.ReplaceAll(abc, "a.c", "z.c"))}, "identical v/a.c <- src/a.c", "patch p: the patch does not apply to b/src/z.c: upstream has no such file"},
		{"empty", Input{Archive: true, Files: list("v/a.c", before), Upstream: list("src/a.c", before), Patches: list("p", "just words\n")}, "identical v/a.c <- src/a.c", "patch p: the patch cannot be used: it changes no file"},
		{"out of the package", Input{Archive: true, Files: list("v/a.c", before), Upstream: list("src/a.c", before), Patches: list("p", strings.ReplaceAll(abc, "src/a.c", "../../etc/passwd"))}, "identical v/a.c <- src/a.c", `it names "b/../../etc/passwd", expected a path below the package`},

		{"offline", Input{Files: list("v/a.c", now, "v/b.c", "b"), Patches: list("p", abc)}, "patched v/a.c p\nunverified v/b.c", ""},
		{"offline, not applied", Input{Files: list("v/a.c", before), Patches: list("p", abc)}, "unexplained v/a.c", "patch p: the patch is not what was done to v/a.c, since it does not apply in reverse: it was not applied yet, and would apply"},
		{"offline, twice", Input{Files: list("v/a.c", now), Patches: list("p", abc, "q", abc)}, "patched v/a.c p", "patch q: the patch cannot be used: it is declared twice: p is the same patch"},
		{"offline, the same change twice", Input{Files: list("v/a.c", now), Patches: list("p", abc, "q", "again\n"+abc)}, "unexplained v/a.c", "patch p: the patch is not what was done to v/a.c, since it does not apply in reverse: it was not applied yet, and would apply"},
		{"offline, two patches", Input{Files: list("v/a.c", "1\n2\nthree\n"), Patches: list("p1", abc, "p2", "--- a/src/a.c\n+++ b/src/a.c\n@@ -1,2 +1,2 @@\n-one\n+1\n 2\n")}, "patched v/a.c p1,p2", ""},
		{"offline, a new file", Input{Files: list("v/n.c", "n\n"), Patches: list("p", "--- /dev/null\n+++ b/n.c\n@@ -0,0 +1 @@\n+n\n")}, "patched v/n.c p", ""},
		{"offline, a file that should be gone", Input{Files: list("v/d.c", "d\n"), Patches: list("p", "--- a/v/d.c\n+++ /dev/null\n@@ -1 +0,0 @@\n-d\n")}, "unverified v/d.c", "it removes the file, which is there"},
		{"offline, of no file", Input{Files: list("v/b.c", "b"), Patches: list("p", abc)}, "unverified v/b.c", "no file of the package is called so"},
		{"undeclared", Input{Files: list("v/a.c", now), Patches: list("p", abc), Stray: list("v/p.patch", abc, "v/q.patch", "x")}, "patched v/a.c p", "patch v/q.patch: the patch lies beside the package's files and is declared nowhere"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.in.Label, tt.in.Keep = "//:v", true
			r, err := Compare(t.Context(), tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if got := verdicts(r); got != tt.verdicts {
				t.Errorf("got\n%s\nexpected\n%s", got, tt.verdicts)
			}
			got := found(r)
			if tt.found == "" && got != "" || !strings.Contains(got, tt.found) {
				t.Errorf("found\n%s\nexpected\n%s", got, tt.found)
			}
			if !tt.in.Archive {
				return
			}
			// What Explaining writes explains it.
			text, left := Explaining(r)
			tt.in.Patches = append(slices.Clone(tt.in.Patches), file("written", string(text)))
			again, err := Compare(t.Context(), tt.in)
			if err != nil {
				t.Fatal(err)
			}
			for i, f := range again.Files {
				explained := r.Files[i].Verdict == Unexpl && !slices.ContainsFunc(left, func(err error) bool { return strings.HasPrefix(err.Error(), f.Path+":") })
				if explained != (len(f.Patches) > 0 && f.Patches[len(f.Patches)-1] == "written") {
					t.Errorf("%s was %s, and is %s by %q with the patch\n%s\nleft: %v", f.Path, r.Files[i].Verdict, f.Verdict, f.Patches, text, left)
				}
			}
		})
	}
}

// TestUnreadable: what cannot be read is no verdict.
func TestUnreadable(t *testing.T) {
	bad := file("v/a.c", now)
	bad.Read = func() ([]byte, error) { return nil, errors.New("gone") }
	if _, err := Compare(t.Context(), Input{Archive: true, Files: []File{bad}, Upstream: list("src/a.c", before)}); err == nil {
		t.Error("no error")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Compare(ctx, Input{Archive: true, Files: list("v/a.c", now), Upstream: list("src/a.c", before)}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestLibb2 is the real thing: libb2's tagged source against what CPython 3.13.5 vendors of it.
func TestLibb2(t *testing.T) {
	dir := os.Getenv("SBOMCTL_DISTDIR")
	upstream, err := tarFiles(filepath.Join(dir, "libb2-0.98.1.tar.gz"))
	if dir == "" || err != nil {
		t.Skipf("SBOMCTL_DISTDIR names no folder with libb2-0.98.1.tar.gz (%v)", err)
	}
	changed := "blake2-config.h blake2-impl.h blake2.h blake2b-ref.c blake2b-round.h blake2b.c blake2s-load-xop.h blake2s-ref.c blake2s-round.h blake2s.c"
	// The tree's files are made of upstream's and the patch in testdata, which vendor-diff wrote over the real ones;
	// their digests are those of the tarball of 3.13.5.
	patch, err := os.ReadFile("testdata/libb2.patch")
	if err != nil {
		t.Fatal(err)
	}
	p, err := parsePatch("p", patch)
	if err != nil {
		t.Fatal(err)
	}
	var tree []File
	for _, f := range upstream {
		name, ok := strings.CutPrefix(f.Path, "src/")
		if !ok || !strings.Contains(changed+" blake2b-load-sse2.h blake2b-load-sse41.h blake2s-load-sse2.h blake2s-load-sse41.h", name) {
			continue
		}
		text, _ := f.Read()
		for _, change := range p.files {
			if strings.HasSuffix(change.NewName, f.Path) {
				if text, err = apply(change, text); err != nil {
					t.Fatal(err)
				}
			}
		}
		tree = append(tree, file("Modules/_blake2/impl/"+name, string(text)))
	}
	sums, err := os.ReadFile("testdata/libb2.sha256")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range tree {
		if !strings.Contains(string(sums), f.Digest.Hex()+"  "+f.Path+"\n") {
			t.Errorf("%s is not that of 3.13.5", f.Path)
		}
	}
	in := Input{Label: "//:libb2", Keep: true, Archive: true, Files: tree, Upstream: upstream}
	count := func(in Input, want map[Verdict]int) *Result {
		t.Helper()
		r, err := Compare(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		got := map[Verdict]int{}
		for _, f := range r.Files {
			got[f.Verdict]++
			if (f.Verdict == Unexpl || f.Verdict == Patched) != slices.Contains(strings.Fields(changed), base(f.Path)) {
				t.Errorf("%s is %s", f.Path, f.Verdict)
			}
		}
		for v, n := range want {
			if got[v] != n || len(got) != len(want) {
				t.Errorf("%v, expected %v\n%s", got, want, found(r))
			}
		}
		return r
	}
	r := count(in, map[Verdict]int{Identical: 4, Unexpl: 10})
	text, left := Explaining(r)
	if string(text) != string(patch) || len(left) > 0 {
		t.Errorf("another patch is written (%v):\n%s", left, text)
	}
	in.Patches = []File{file("p", string(text))}
	count(in, map[Verdict]int{Identical: 4, Patched: 10})
	in.Archive, in.Upstream = false, nil
	count(in, map[Verdict]int{Unverified: 4, Patched: 10})
}

// tarFiles are the files of an archive without its top folder.
func tarFiles(path string) (out []File, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		if h.Typeflag == tar.TypeReg {
			b, err := io.ReadAll(r)
			if err != nil {
				return nil, err
			}
			out = append(out, file(after(h.Name), string(b)))
		}
	}
}

func FuzzPatch(f *testing.F) {
	f.Add([]byte(abc), []byte(before), []byte(now))
	f.Add([]byte("diff --git a/x b/y\nsimilarity index 100%\nrename from x\nrename to y\n"), []byte("a"), []byte("b\r\n"))
	f.Add([]byte("--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+n\n\\ No newline at end of file\n"), []byte(""), []byte("\x00"))
	f.Fuzz(func(t *testing.T, patch, up, tree []byte) {
		for _, archive := range []bool{true, false} {
			in := Input{Keep: true, Archive: archive, Files: list("v/a.c", string(tree)), Patches: list("p", string(patch))}
			if archive {
				in.Upstream = list("src/a.c", string(up))
			}
			r, err := Compare(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			if r.Files[0].Verdict == Patched && archive {
				p, _ := parsePatch("p", patch)
				if len(p.files) == 0 {
					t.Error("patched by nothing")
				}
			}
			if archive {
				Explaining(r)
			}
		}
	})
}
