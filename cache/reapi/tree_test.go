package reapi

import (
	"errors"
	"fmt"
	"math/rand"
	"path"
	"slices"
	"strings"
	"testing"
)

// slowTree is BuildTree as the API describes it: a map of directories, encoded recursively.
func slowTree(files []TreeFile, dir string) (*Directory, map[Digest]bool) {
	d, all, seen := &Directory{}, map[Digest]bool{}, map[string]bool{}
	for _, f := range files {
		if !strings.HasPrefix(f.Path, dir) {
			continue
		}
		name, _, below := strings.Cut(f.Path[len(dir):], "/")
		if !below {
			d.Files = append(d.Files, FileNode{name, f.Digest, f.Executable})
			continue
		}
		if seen[name] {
			continue
		}
		seen[name] = true
		child, blobs := slowTree(files, dir+name+"/")
		for blob := range blobs {
			all[blob] = true
		}
		d.Directories = append(d.Directories, DirectoryNode{name, Of(child.Marshal())})
	}
	all[Of(d.Marshal())] = true
	return d, all
}

func TestBuildTree(t *testing.T) {
	g := generator{rand.New(rand.NewSource(6))}
	// Names around '/' (0x2f) in byte order are where sorting whole paths goes wrong.
	segments := []string{"a", "a-b", "a.b", "a0", "ab", "A", "é", "a b", "\x01"}
	for range 500 {
		var files []TreeFile
		taken := map[string]bool{}
		for range g.Intn(40) {
			var p []string
			for range 1 + g.Intn(4) {
				p = append(p, segments[g.Intn(len(segments))])
			}
			name := strings.Join(p, "/") + ".f" // never a directory
			if !taken[name] {
				taken[name] = true
				files = append(files, TreeFile{name, g.digest(), g.Intn(2) == 0})
			}
		}
		before := slices.Clone(files)
		emitted := map[Digest]bool{}
		root, err := BuildTree(files, func(d Digest, b []byte) {
			if Of(b) != d {
				t.Fatal("emitted under a wrong digest")
			}
			dir := readDirectory(t, b)
			for _, c := range dir.Directories {
				if !emitted[c.Digest] {
					t.Fatal("a parent was emitted before its child")
				}
			}
			emitted[d] = true
		})
		want, blobs := slowTree(files, "")
		if err != nil || root != Of(want.Marshal()) {
			t.Fatalf("%v, %v; want %v of %v", root, err, Of(want.Marshal()), files)
		}
		if len(emitted) != len(blobs) {
			t.Fatalf("emitted %d directories, want %d", len(emitted), len(blobs))
		}
		if !slices.Equal(before, files) {
			t.Fatal("the caller's list was reordered")
		}
		slices.SortFunc(files, func(x, y TreeFile) int { return compareTree(x.Path, y.Path) })
		if again, _ := BuildTree(files, nil); again != root {
			t.Fatal("the tree depends on the order of the files")
		}
	}
}

func TestBuildTreeEmpty(t *testing.T) {
	n := 0
	root, err := BuildTree(nil, func(d Digest, b []byte) { n++ })
	if err != nil || root != Of(nil) || n != 1 {
		t.Errorf("%v, %v, %d directories", root, err, n)
	}
}

func TestBuildTreeErrors(t *testing.T) {
	for _, c := range []struct {
		paths        []string
		path, reason string
	}{
		{[]string{""}, "", "is empty"},
		{[]string{"/a"}, "/a", "is absolute"},
		{[]string{"a/"}, "a/", "has an empty segment"},
		{[]string{"a//b"}, "a//b", "has an empty segment"},
		{[]string{"./a"}, "./a", "has a '.' segment"},
		{[]string{"a/../b"}, "a/../b", "has a '..' segment"},
		{[]string{".."}, "..", "has a '..' segment"},
		{[]string{"a\x00b"}, "a\x00b", "has a NUL byte"},
		{[]string{"a\xff"}, "a\xff", "is not valid UTF-8"},
		{[]string{"b", "a", "b"}, "b", "occurs twice"},
		{[]string{"a/b/c", "a-x", "a/b"}, "a/b", "is both a file and a directory"},
		{[]string{"a", "a/b/c", "a-"}, "a", "is both a file and a directory"},
	} {
		var files []TreeFile
		for _, p := range c.paths {
			files = append(files, TreeFile{Path: p, Digest: Of(nil)})
		}
		_, err := BuildTree(files, nil)
		var e *PathError
		if !errors.As(err, &e) || e.Path != c.path || e.Reason != c.reason {
			t.Errorf("%q: %v, want path %q %s", c.paths, err, c.path, c.reason)
		}
	}
}

// FuzzBuildTree: any list of paths is a tree that holds exactly them, or an error.
func FuzzBuildTree(f *testing.F) {
	f.Add("a\na/b")
	f.Add("a-b/c\na/b/c\na.b")
	f.Add("../x\n/y")
	f.Fuzz(func(t *testing.T, list string) {
		var files []TreeFile
		for p := range strings.SplitSeq(list, "\n") {
			files = append(files, TreeFile{Path: p, Digest: Of([]byte(p))})
		}
		blobs := map[Digest][]byte{}
		root, err := BuildTree(files, func(d Digest, b []byte) { blobs[d] = slices.Clone(b) })
		if err != nil {
			return
		}
		var got []string
		var walk func(d Digest, prefix string)
		walk = func(d Digest, prefix string) {
			dir := readDirectory(t, blobs[d])
			for _, f := range dir.Files {
				got = append(got, path.Join(prefix, f.Name))
			}
			for _, c := range dir.Directories {
				walk(c.Digest, path.Join(prefix, c.Name))
			}
		}
		walk(root, "")
		want := strings.Split(list, "\n")
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("got %q, want %q", got, want)
		}
	})
}

func benchmarkTree(b *testing.B, shuffled bool) {
	var files []TreeFile
	for i := range 100_000 {
		p := fmt.Sprintf("third_party/package_%04d/src/lib/file_%02d.c", i/50, i%50)
		files = append(files, TreeFile{p, Of([]byte(p)), false})
	}
	if shuffled {
		shuffle(generator{rand.New(rand.NewSource(7))}, files)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := BuildTree(files, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBuildTree100k(b *testing.B)         { benchmarkTree(b, false) }
func BenchmarkBuildTree100kShuffled(b *testing.B) { benchmarkTree(b, true) }
