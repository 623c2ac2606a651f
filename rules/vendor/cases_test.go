package vendor

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/engine/finding"
	"github.com/sbomctl/sbomctl/engine/linediff"
)

// TestCases are the verdicts of what is seldom, and the words of what goes wrong.
func TestCases(t *testing.T) {
	git := func(name, rest string) string { return "diff --git a/" + name + " b/" + name + "\n" + rest }
	up := list("src/a.c", before)
	tree := func(content string) []File { return list("v/a.c", content) }
	hunk := func(header, lines string) []File {
		return list("p", "--- a/src/a.c\n+++ b/src/a.c\n"+header+"\n"+lines)
	}
	large := File{Path: "v/a.c", Digest: cache.Digest{Size: MaxFileBytes + 1}, Read: func() ([]byte, error) { panic("read") }}
	tests := []struct {
		name     string
		in       Input
		verdicts string
		found    string // all that is found; "" for nothing
	}{
		// Hunks without context stand behind the line that they name.
		{"-U0 insertion", Input{Archive: true, Files: tree("one\ntwo\nnew\nthree\n"), Upstream: up, Patches: hunk("@@ -2,0 +3 @@", "+new\n")}, "patched v/a.c <- src/a.c p", ""},
		{"-U0 insertion at the top", Input{Archive: true, Files: tree("new\n" + before), Upstream: up, Patches: hunk("@@ -0,0 +1 @@", "+new\n")}, "patched v/a.c <- src/a.c p", ""},
		{"-U0 removal at the top", Input{Archive: true, Files: tree("two\nthree\n"), Upstream: up, Patches: hunk("@@ -1 +0,0 @@", "-one\n")}, "patched v/a.c <- src/a.c p", ""},
		{"offline, -U0 insertion", Input{Files: tree("one\ntwo\nnew\nthree\n"), Patches: append(hunk("@@ -2 +2 @@", "-2\n+two\n"), hunk("@@ -2,0 +3 @@", "+new\n")...)}, "patched v/a.c p,p", ""},
		{"offline, -U0 removal at the top", Input{Files: tree("two\nthree\n"), Patches: hunk("@@ -1 +0,0 @@", "-one\n")}, "patched v/a.c p", ""},
		{"text for an empty file", Input{Archive: true, Files: tree("new\n"), Upstream: list("src/a.c", ""), Patches: hunk("@@ -0,0 +1 @@", "+new\n")}, "patched v/a.c <- src/a.c p", ""},
		{"beyond the end", Input{Archive: true, Files: tree(before), Upstream: up, Patches: hunk("@@ -7 +7 @@", "-x\n+y\n")}, "identical v/a.c <- src/a.c", "patch p: the patch does not apply to src/a.c: hunk 1 (@@ -7,1 +7,1 @@): the file has only 3 lines"},
		{"a number of no line", Input{Archive: true, Files: tree(before), Upstream: up, Patches: hunk("@@ -9223372036854775807 +1 @@", "-x\n+y\n")}, "identical v/a.c <- src/a.c", "patch p: the patch does not apply to src/a.c: hunk 1 (@@ -9223372036854775807,1 +1,1 @@): the file has only 3 lines"},
		{"a newline is lost", Input{Archive: true, Files: tree(strings.TrimSuffix(before, "\n")), Upstream: up, Patches: hunk("@@ -3 +3 @@", "-three\n+three\n\\ No newline at end of file\n")}, "patched v/a.c <- src/a.c p", ""},
		{"a newline is lost in the middle", Input{Archive: true, Files: tree(before), Upstream: up, Patches: hunk("@@ -2 +2 @@", "-two\n+2\n\\ No newline at end of file\n")}, "identical v/a.c <- src/a.c", "patch p: the patch does not apply to src/a.c: a line without a newline would not be the file's last"},
		{"hunks that overlap", Input{Archive: true, Files: tree(before), Upstream: up, Patches: hunk("@@ -1,2 +1,2 @@", "-one\n+1\n two\n@@ -2 +2 @@\n-two\n+2\n")}, "identical v/a.c <- src/a.c", "patch p: the patch does not apply to src/a.c: hunk 2 (@@ -2,1 +2,1 @@) overlaps the one before it"},

		// Files that come, go and move.
		{"a new file of diff", Input{Archive: true, Files: list("v/a.c", before, "v/n.c", "n\n"), Upstream: up, Patches: list("p", "--- /dev/null\n+++ b/src/n.c\n@@ -0,0 +1 @@\n+n\n"), Mapping: map[string]string{"src": "v"}}, "identical v/a.c <- src/a.c\npatched v/n.c <- src/n.c p", ""},
		{"a new empty file", Input{Archive: true, Files: list("v/a.c", before, "v/n.c", ""), Upstream: up, Patches: list("p", git("src/n.c", "new file mode 100644\nindex 0000000..e69de29\n"))}, "identical v/a.c <- src/a.c\npatched v/n.c <- src/n.c p", ""},
		{"a new file that is there", Input{Archive: true, Files: tree(before), Upstream: up, Patches: list("p", git("src/a.c", "new file mode 100644\n--- /dev/null\n+++ b/src/a.c\n@@ -0,0 +1 @@\n+n\n"))}, "identical v/a.c <- src/a.c", "patch p: the patch does not apply to src/a.c: it makes the file, and upstream has one"},
		{"a removed file that is there", Input{Archive: true, Files: tree(before), Upstream: up, Patches: list("p", git("src/a.c", "deleted file mode 100644\n--- a/src/a.c\n+++ /dev/null\n@@ -1,3 +0,0 @@\n-one\n-two\n-three\n"))}, "unexplained v/a.c",
			"unexplained v/a.c: upstream's archive has no such file\n  hint: upstream's src/a.c has the same bytes: mapping = {\"src/a.c\": \"v/a.c\"}"},
		{"a copy", Input{Archive: true, Files: list("v/a.c", before, "v/b.c", before), Upstream: up, Patches: list("p", "diff --git a/src/a.c b/src/b.c\nsimilarity index 100%\ncopy from src/a.c\ncopy to src/b.c\n")}, "identical v/a.c <- src/a.c\npatched v/b.c <- src/b.c p", ""},
		{"offline, changed, then renamed", Input{Files: list("v/b.c", now), Patches: list("p", abc, "q", "diff --git a/src/a.c b/src/b.c\nsimilarity index 100%\nrename from src/a.c\nrename to src/b.c\n")}, "patched v/b.c p,q", ""},
		{"offline, renamed, and both are there", Input{Files: list("v/a.c", before, "v/b.c", before), Patches: list("q", "diff --git a/v/a.c b/v/b.c\nsimilarity index 100%\nrename from v/a.c\nrename to v/b.c\n")}, "unverified v/a.c\npatched v/b.c q",
			"patch q: the patch is not what was done to v/a.c, since it does not apply in reverse: it renames the file, which is still there"},
		{"offline, changed, then removed", Input{Files: list("v/b.c", ""), Patches: list("p", abc, "q", git("src/a.c", "deleted file mode 100644\n--- a/src/a.c\n+++ /dev/null\n@@ -1,3 +0,0 @@\n-one\n-2\n-three\n"))}, "unverified v/b.c", ""},
		{"offline, another file of that name is removed", Input{Files: list("v/a.c", before), Patches: list("q", git("tests/a.c", "deleted file mode 100644\n--- a/tests/a.c\n+++ /dev/null\n@@ -1 +0,0 @@\n-test\n"))}, "unverified v/a.c", ""},
		{"mode alone", Input{Archive: true, Files: tree(before), Upstream: up, Patches: list("p", git("src/a.c", "old mode 100644\nnew mode 100755\n"))}, "identical v/a.c <- src/a.c", "patch p: the patch cannot be used: it changes no file of the package"},

		// Names.
		{"git without prefixes", Input{Archive: true, Files: tree(now), Upstream: up, Patches: list("p", strings.NewReplacer("a/src", "src", "b/src", "src").Replace("diff --git src/a.c src/a.c\n"+abc))}, "patched v/a.c <- src/a.c p", ""},
		{"folders before the name", Input{Archive: true, Files: tree(now), Upstream: up, Patches: list("p", strings.NewReplacer("a/src", "/tmp/x/src", "b/src", "y/z/src").Replace(abc))}, "patched v/a.c <- src/a.c p", ""},
		{"the tree's path", Input{Archive: true, Files: tree(now), Upstream: up, Patches: list("p", strings.NewReplacer("a/src", "a/v", "b/src", "b/v").Replace(abc))}, "patched v/a.c <- src/a.c p", ""},
		{"a name of two files", Input{Archive: true, Files: tree(before), Upstream: list("src/a.c", before, "test/a.c", "t"), Patches: list("p", strings.NewReplacer("a/src", "a/x", "b/src", "b/x").Replace(abc))}, "identical v/a.c <- src/a.c", "patch p: the patch does not apply to b/x/a.c: the name may stand for src/a.c or test/a.c of upstream"},
		{"offline, a name of two files", Input{Files: list("v/a.c", now, "w/a.c", ""), Patches: list("p", abc)}, "unverified v/a.c\nunverified w/a.c", "patch p: the patch is not what was done to b/src/a.c, since it does not apply in reverse: the name may stand for v/a.c or w/a.c; mapping says which"},
		{"offline, mapping says which", Input{Files: list("v/a.c", now, "w/a.c", ""), Patches: list("p", abc), Mapping: map[string]string{"src": "v"}}, "patched v/a.c p\nunverified w/a.c", ""},
		{"offline, mapping says two", Input{Files: list("v/a.c", now, "w/a.c", ""), Patches: list("p", abc), Mapping: map[string]string{"src": "v", ".": "w", "src/a.c": "w/a.c"}}, "unverified v/a.c\nunverified w/a.c", "patch p: the patch is not what was done to b/src/a.c, since it does not apply in reverse: by mapping the name stands for v/a.c or w/a.c"},
		{"the patch's own lines end in CRLF", Input{Archive: true, Files: tree(now), Upstream: up, Patches: list("p", strings.ReplaceAll(abc, "\n", "\r\n"))}, "unexplained v/a.c <- src/a.c", "patch p: the patch cannot be used: the lines of the patch itself end in CRLF"},
		{"CRLF on both sides", Input{Archive: true, Files: tree(strings.ReplaceAll(now, "\n", "\r\n")), Upstream: list("src/a.c", strings.ReplaceAll(before, "\n", "\r\n")), Patches: hunk("@@ -2 +2 @@", "-two\r\n+2\r\n")}, "patched v/a.c <- src/a.c p", ""},
		{"only the ends of lines", Input{Archive: true, Files: tree(before), Upstream: list("src/a.c", strings.ReplaceAll(before, "\n", "\r\n"))}, "unexplained v/a.c <- src/a.c", "unexplained v/a.c: differs from upstream's src/a.c, and nothing declared explains it: only in the ends of lines, CRLF upstream and LF here"},

		// Which file of upstream a file is.
		{"two folders into one", Input{Archive: true, Files: list("v/a.c", before, "v/a.h", "h"), Upstream: list("src/a.c", before, "include/a.h", "h", "test/a.c", "t"), Mapping: map[string]string{"src": "v", "include": "v"}}, "identical v/a.c <- src/a.c\nidentical v/a.h <- include/a.h", ""},
		{"two files to one", Input{Archive: true, Files: list("v/a.c", before), Upstream: list("src/a.c", before, "lib/a.c", before), Mapping: map[string]string{"src": "v", "lib": "v"}}, "unexplained v/a.c", "unexplained v/a.c: nobody can say which of upstream's files this is: mapping says that it is lib/a.c and src/a.c"},
		{"a mapping of one file leaves the others", Input{Archive: true, Files: list("v/a.c", before, "v/x.h", "h"), Upstream: list("src/a.c", before, "src/y.h", "h"), Mapping: map[string]string{"src/y.h": "v/x.h"}}, "identical v/a.c <- src/a.c\nidentical v/x.h <- src/y.h", ""},
		{"a mapping to nothing", Input{Archive: true, Files: list("v/a.c", before), Upstream: up, Mapping: map[string]string{"src": "vv"}}, "identical v/a.c <- src/a.c", `unexplained mapping leads "src" to "vv", where the package has no file; did you mean "v"?`},
		{"the neighbours say which", Input{Archive: true, Files: list("v/Makefile", "all: v\n", "v/a.c", before), Upstream: list("src/a.c", before, "src/Makefile", "all:\n", "test/Makefile", "test:\n")}, "unexplained v/Makefile <- src/Makefile\nidentical v/a.c <- src/a.c", "unexplained v/Makefile:1: differs from upstream's src/Makefile, and nothing declared explains it"},
		{"another name for the same bytes", Input{Archive: true, Files: list("v/b.c", before), Upstream: up}, "unexplained v/b.c", "unexplained v/b.c: upstream's archive has no such file\n  hint: upstream's src/a.c has the same bytes: mapping = {\"src/a.c\": \"v/b.c\"}"},
		{"too large", Input{Archive: true, Files: []File{large}, Upstream: up}, "unexplained v/a.c <- src/a.c", "unexplained v/a.c: differs from upstream's src/a.c, and nothing declared explains it; it is not looked into, since it has more than 67108864 bytes"},
		{"offline, too large", Input{Files: []File{large}, Patches: list("p", abc)}, "unexplained v/a.c", "patch p: the patch is not what was done to v/a.c, since it does not apply in reverse: the file has more than 67108864 bytes"},

		// Patches that say nothing of the package.
		{"of what is not vendored", Input{Archive: true, Files: tree(before), Upstream: list("src/a.c", before, "test/t.c", before), Patches: list("p", strings.ReplaceAll(abc, "src/a.c", "test/t.c"))}, "identical v/a.c <- src/a.c", "patch p: the patch cannot be used: it changes no file of the package"},
		{"of what is not vendored, too", Input{Archive: true, Files: tree(now), Upstream: list("src/a.c", before, "test/t.c", before), Patches: list("p", abc+strings.ReplaceAll(abc, "src/a.c", "test/t.c"))}, "patched v/a.c <- src/a.c p", ""},
		{"too many lines", Input{Files: tree(before), Patches: list("p", strings.Repeat("\n", MaxPatchLines+1))}, "unverified v/a.c", "patch p: the patch cannot be used: it has 1048577 lines, expected at most 1048576"},
		{"cut short", Input{Files: tree(before), Patches: hunk("@@ -1,3 +1,3 @@", " one\n-two\n")}, "unverified v/a.c", "patch p: the patch cannot be used: it is no patch: line 3: fragment header miscounts lines"},
		{"a hunk of no file", Input{Files: tree(before), Patches: list("p", "@@ -1 +1 @@\n-a\n+b\n")}, "unverified v/a.c", "patch p: the patch cannot be used: it is no patch: line 1: patch fragment without file header"},
		{"a patch among the package's files", Input{Archive: true, TreePatches: 1, Files: list("v/a.c", now, "v/p.patch", abc), Upstream: up, Patches: list("v/p.patch", abc), Stray: list("v/p.patch", abc)}, "patched v/a.c <- src/a.c v/p.patch\nlocal v/p.patch", ""},
		{"a stray that is local", Input{Files: tree(now), Patches: list("p", abc), Stray: list("v/own.patch", "x"), Local: []string{"v/own.patch"}}, "patched v/a.c p", ""},
		{"local, twice", Input{Files: tree(now), Patches: list("p", abc), Stray: list("v/own.patch", "x"), Local: []string{"v/*.diff", "v/*.patch"}}, "patched v/a.c p", `unmatched local pattern "v/*.diff" matches no file of the package`},
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
			if _, err := finding.Encode(r.Findings); err != nil {
				t.Error(err)
			}
			for range 5 { // maps have an order of their own each time
				again, err := Compare(t.Context(), tt.in)
				if err != nil || verdicts(again) != verdicts(r) {
					t.Fatalf("the second time\n%s (%v)", verdicts(again), err)
				}
			}
		})
	}
}

// TestMuchToDo: a patch of very many changes that do not apply to a large file ends soon.
func TestMuchToDo(t *testing.T) {
	large := strings.Repeat("line of a large file\n", 1<<17)
	patch := strings.Repeat("--- a/a.c\n+++ b/a.c\n@@ -1 +1 @@\n-no such line\n+x\n", 100_000)
	for _, archive := range []bool{true, false} {
		r, err := Compare(t.Context(), Input{Archive: archive, Files: list("v/a.c", large), Upstream: list("a.c", large), Patches: list("p", patch)})
		if err != nil {
			t.Fatal(err)
		}
		if n := len(r.Findings); n != maxFailed || !strings.Contains(found(r), "neither can this many others") {
			t.Errorf("%d findings", n)
		}
	}
}

// edit is content with some of its lines changed, removed, doubled or new.
func edit(r *rand.Rand, content string) string {
	lines := strings.SplitAfter(content, "\n")
	var out []string
	for _, l := range lines {
		switch r.IntN(12) {
		case 0:
		case 1:
			out = append(out, l, l)
		case 2:
			out = append(out, fmt.Sprintf("new %d\xe9\r\n", r.IntN(4)), l)
		case 3:
			out = append(out, strings.ToUpper(l))
		default:
			out = append(out, l)
		}
	}
	text := strings.Join(out, "")
	switch r.IntN(6) {
	case 0:
		return strings.TrimRight(text, "\n")
	case 1:
		return text + "\x00binary"
	}
	return text
}

// TestExplaining: what Explaining writes explains everything, with the archive and without, and git makes the tree's files with it.
func TestExplaining(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		var upstream, tree []File
		contents := map[string]string{}
		mapping := map[string]string{"src": "v", "doc": "v/doc"}
		for i := range 1 + r.IntN(5) {
			var text strings.Builder
			for range r.IntN(30) {
				fmt.Fprintf(&text, "line %d\n", r.IntN(5))
			}
			folder := []string{"src", "doc"}[r.IntN(2)]
			name := fmt.Sprintf("%s/f %d\".c", folder, i)
			there := mapping[folder] + name[3:]
			now := text.String()
			if r.IntN(3) > 0 {
				now = edit(r, now)
			}
			if r.IntN(5) > 0 { // else it is a file that upstream has not
				upstream = append(upstream, file(name, text.String()))
			}
			tree = append(tree, file(there, now))
			contents[name] = now
		}
		in := Input{Label: "//:v", Archive: true, Keep: true, Files: tree, Upstream: upstream}
		in.Mapping = mapping
		res, err := Compare(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		text, left := Explaining(res)
		if len(left) > 0 {
			t.Fatalf("seed %d: left %v", seed, left)
		}
		if len(text) == 0 {
			continue
		}
		in.Patches = []File{file("p", string(text))}
		for _, archive := range []bool{true, false} {
			again := in
			if again.Archive = archive; !archive {
				again.Upstream = nil
			}
			after, err := Compare(t.Context(), again)
			if err != nil {
				t.Fatal(err)
			}
			for i, f := range after.Files {
				want := Identical
				switch {
				case res.Files[i].Verdict == Unexpl:
					want = Patched
				case !archive:
					want = Unverified
				}
				if f.Verdict != want {
					t.Fatalf("seed %d, archive %t: %s is %s, expected %s\n%s\n%s", seed, archive, f.Path, f.Verdict, want, text, found(after))
				}
			}
		}
		if seed < 25 {
			gitApplies(t, upstream, string(text), contents)
		}
	}
}

// gitApplies checks that git makes contents of upstream with a patch.
func gitApplies(t *testing.T, upstream []File, patch string, contents map[string]string) {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	for _, u := range upstream {
		b, _ := u.Read()
		name := filepath.Join(dir, u.Path)
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, b, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("git", "apply", "--whitespace=nowarn", "-")
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(patch)
	cmd.Env = append(os.Environ(), "GIT_CEILING_DIRECTORIES="+filepath.Dir(dir))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git apply: %v\n%s\n%s", err, out, patch)
	}
	for name, want := range contents {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want {
			t.Fatalf("%s: git made %q (%v), expected %q of\n%s", name, got, err, want, patch)
		}
	}
}

// TestBinary: a binary patch is proven in both directions; git's literal alone would fit any file.
func TestBinary(t *testing.T) {
	old, now := "\x00old", strings.Repeat("\x00new", 40)
	text := change("src/b.bin", &FileResult{want: []byte(old), got: []byte(now)})
	for _, tt := range []struct {
		name     string
		in       Input
		verdicts string
	}{
		{"forward", Input{Archive: true, Files: list("v/b.bin", now), Upstream: list("src/b.bin", old)}, "patched v/b.bin <- src/b.bin p"},
		{"forward, of another", Input{Archive: true, Files: list("v/b.bin", now), Upstream: list("src/b.bin", old+"x")}, "unexplained v/b.bin <- src/b.bin"},
		{"offline", Input{Files: list("v/b.bin", now)}, "patched v/b.bin p"},
		{"offline, another", Input{Files: list("v/b.bin", now+"x")}, "unexplained v/b.bin"},
		{"offline, not applied", Input{Files: list("v/b.bin", old)}, "unexplained v/b.bin"},
	} {
		tt.in.Patches = list("p", text)
		r, err := Compare(t.Context(), tt.in)
		if err != nil {
			t.Fatal(err)
		}
		if got := verdicts(r); got != tt.verdicts {
			t.Errorf("%s: got\n%s\n%s", tt.name, got, found(r))
		}
	}
}

// TestUnifiedLarge: the difference of large files is worked out in time that grows with them, and applies.
func TestUnifiedLarge(t *testing.T) {
	var a, b bytes.Buffer
	for i := range 300_000 {
		fmt.Fprintf(&a, "line %d\n", i)
		fmt.Fprintf(&b, "line %d\n", i^i%2)
	}
	for _, tt := range [][2][]byte{{a.Bytes(), b.Bytes()}, {a.Bytes(), nil}, {a.Bytes(), append(bytes.Clone(a.Bytes()), "more"...)}, {a.Bytes(), append([]byte("more\n"), a.Bytes()...)}} {
		begin := time.Now()
		p, err := parsePatch("", []byte(linediff.Unified("a/x", "b/x", tt[0], tt[1])))
		if err != nil {
			t.Fatal(err)
		}
		got, err := apply(p.files[0], tt[0])
		if err != nil || !bytes.Equal(got, tt[1]) {
			t.Errorf("it does not apply: %v", err)
		}
		if d := time.Since(begin); d > 30*time.Second {
			t.Errorf("it took %s", d)
		}
	}
}
