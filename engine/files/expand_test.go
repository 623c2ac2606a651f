package files

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// diskTree is the Tree of a folder; it notes what it was asked.
type diskTree struct {
	t      testing.TB
	root   string
	ignore *Ignore
	asked  []string
}

func (d *diskTree) List(dir string) ([]Entry, error) {
	d.asked = append(d.asked, "list "+dir)
	entries, _, err := List(filepath.Join(d.root, dir))
	return entries, err
}

func (d *diskTree) Lookup(path string) (Kind, string, error) {
	d.asked = append(d.asked, "lookup "+path)
	s, _, err := Read(filepath.Join(d.root, path))
	return s.Kind, s.Target, err
}

func (d *diskTree) Written(string, bool) (bool, error) { return false, nil }

func (d *diskTree) Ignored(path string, isDir bool) (bool, error) {
	if d.ignore == nil {
		return false, nil
	}
	return d.ignore.Ignored(path, isDir)
}

func compile(t testing.TB, include, exclude []string) *Matcher {
	t.Helper()
	m, err := Compile(include, exclude)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestExpandOrder(t *testing.T) {
	tree := pathTree([]string{"b/a-b.c", "b/a/z.c", "b/a.c", "b/B.c", "a/x.h", "a/x.c", "b/é.c", "b/z.c"})
	m := compile(t, []string{"b/**", "a/x.c", "**/*.c", "a/*"}, []string{"b/z.c", "q"})
	sel, err := m.Expand(tree)
	if err != nil {
		t.Fatal(err)
	}
	want := []Match{
		{"b/B.c", "b/B.c", 0, Regular}, {"b/a-b.c", "b/a-b.c", 0, Regular}, {"b/a.c", "b/a.c", 0, Regular}, {"b/a/z.c", "b/a/z.c", 0, Regular}, {"b/é.c", "b/é.c", 0, Regular},
		{"a/x.c", "a/x.c", 1, Regular}, {"a/x.h", "a/x.h", 3, Regular},
	}
	if !reflect.DeepEqual(sel.Matches, want) {
		t.Errorf("got %v\nwant %v", sel.Matches, want)
	}
	// "**/*.c" is used, though every file it matches is listed under an earlier pattern.
	if !slices.Equal(sel.IncludeUsed, []bool{true, true, true, true}) || !slices.Equal(sel.ExcludeUsed, []bool{true, false}) {
		t.Errorf("used: %v %v", sel.IncludeUsed, sel.ExcludeUsed)
	}
}

func TestExpandAsksLittle(t *testing.T) {
	if foldsCase {
		t.Skip("on this system names are looked for in listings")
	}
	root := tempDir(t)
	for _, p := range []string{"a/b/c.c", "a/b/d.c", "a/e/f.c", "g/h.c", "i.c", "a/.hidden/x.c"} {
		write(t, filepath.Join(root, p), "")
	}
	for _, c := range []struct {
		include []string
		asked   []string
	}{
		{[]string{"a/b/c.c", "a/b/none"}, []string{"lookup a", "lookup a/b", "lookup a/b/c.c", "lookup a/b/none"}},
		{[]string{"a/b/*.c"}, []string{"lookup a", "lookup a/b", "list a/b"}},
		{[]string{"a/**"}, []string{"lookup a", "list a", "list a/b", "list a/e"}},
		{[]string{"*/h.c"}, []string{"list ", "lookup a/h.c", "lookup g/h.c"}},
		{[]string{"none/x/*.c"}, []string{"lookup none"}},
		{[]string{"i.c/x"}, []string{"lookup i.c"}},
	} {
		tree := &diskTree{t: t, root: root}
		if _, err := compile(t, c.include, nil).Expand(tree); err != nil || !slices.Equal(tree.asked, c.asked) {
			t.Errorf("%q asked %q, %v; want %q", c.include, tree.asked, err, c.asked)
		}
	}
}

func TestExpandSymlinks(t *testing.T) {
	unixOnly(t)
	root := tempDir(t)
	write(t, filepath.Join(root, "../outside"), "secret")
	write(t, filepath.Join(root, "d/real.c"), "x")
	write(t, filepath.Join(root, "e/other.c"), "x")
	link := func(target, name string) {
		if err := os.Symlink(target, filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
	}
	link("real.c", "d/link.c")
	link("../d/./link.c", "e/twice.c")
	link("dirlink/real.c", "through.c")
	link("d", "dirlink")
	link("nothing", "bad-dangling")
	link("d/real.c/x", "bad-below-file")
	link("bad-loop2", "bad-loop")
	link("bad-loop", "bad-loop2")
	link("../outside", "bad-escape")
	link("d/../../outside", "bad-escape2")
	link(root+"/d/real.c", "bad-absolute")
	for _, c := range []struct {
		include, exclude []string
		want             string
	}{
		{[]string{"**/*.c"}, nil, "d/link.c=d/real.c d/real.c=d/real.c e/other.c=e/other.c e/twice.c=d/real.c through.c=d/real.c"},
		{[]string{"**"}, []string{"bad-*"}, "d/link.c=d/real.c d/real.c=d/real.c e/other.c=e/other.c e/twice.c=d/real.c through.c=d/real.c"},
		{[]string{"dirlink"}, nil, ""},
		{[]string{"dirlink/**"}, nil, "dirlink: is a symbolic link, which a pattern cannot lead through; name the directory it leads to"},
		{[]string{"dirlink/real.c"}, nil, "dirlink: is a symbolic link, which a pattern cannot lead through; name the directory it leads to"},
		{[]string{"bad-dangling"}, nil, "bad-dangling: is a symbolic link to nothing, which does not exist; exclude it, or make it lead to a file"},
		{[]string{"bad-below*"}, nil, "bad-below-file: is a symbolic link to d/real.c, which does not exist; exclude it, or make it lead to a file"},
		{[]string{"bad-loop"}, nil, "bad-loop: is a symbolic link that goes round in circles; exclude it, or make it lead to a file"},
		{[]string{"bad-escape*"}, nil, "bad-escape: is a symbolic link that leads out of the tree; exclude it, or make it lead to a file inside\n" +
			"bad-escape2: is a symbolic link that leads out of the tree; exclude it, or make it lead to a file inside"},
		{[]string{"bad-absolute"}, nil, "bad-absolute: is a symbolic link to an absolute path (ROOT/d/real.c), which another checkout need not have; exclude it, or make it relative"},
	} {
		sel, err := compile(t, c.include, c.exclude).Expand(&diskTree{t: t, root: root})
		var got []string
		if err != nil {
			got = []string{strings.ReplaceAll(err.Error(), root, "ROOT")}
		} else {
			for _, m := range sel.Matches {
				got = append(got, m.Path+"="+m.File)
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%q without %q: got  %s\nwant %s", c.include, c.exclude, strings.Join(got, " "), c.want)
		}
	}
}

func TestExpandOddNames(t *testing.T) {
	unixOnly(t)
	root := tempDir(t)
	for _, name := range oddNames {
		os.WriteFile(filepath.Join(root, name), nil, 0o644)
	}
	_, err := compile(t, []string{"*"}, nil).Expand(&diskTree{t: t, root: root})
	if want := `"\xff\xfe": the file's name is not valid UTF-8, so no document can list it; rename or exclude it`; err == nil || err.Error() != want {
		if _, statErr := os.Lstat(filepath.Join(root, "\xff\xfe")); statErr == nil {
			t.Errorf("got %v\nwant %s", err, want)
		}
	}
	sel, err := compile(t, []string{"*", ".*"}, []string{"[!a-z.*{\"é-]*", "[[]x]"}).Expand(&diskTree{t: t, root: root})
	if err != nil {
		t.Fatal(err)
	}
	want := slices.DeleteFunc(slices.Clone(oddNames), func(s string) bool { return s == "\xff\xfe" || s == "[x]" })
	got := pathsOf(sel)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func TestExpandIgnored(t *testing.T) {
	root := tempDir(t)
	git(t, root, "", "init", "-q")
	write(t, filepath.Join(root, ".gitignore"), "*.o\n/out/\n")
	for _, p := range []string{"a.c", "a.o", "t.o", "out/x.c", "out/t.c"} {
		write(t, filepath.Join(root, p), "")
	}
	git(t, root, "", "add", "-f", "t.o")
	m := compile(t, []string{"**", "out/*.c", "*.o", "a.o"}, []string{"a.o"})
	tree := &diskTree{t: t, root: root, ignore: newIgnore(t, root)}
	sel, err := m.Expand(tree)
	if err != nil || !slices.Equal(pathsOf(sel), []string{"a.c", "t.o"}) {
		t.Errorf("%q, %v", pathsOf(sel), err)
	}
	if slices.Contains(tree.asked, "list out") {
		t.Error("an ignored directory is listed")
	}
	var got []string
	for _, u := range m.Unmatched(sel, tree) {
		got = append(got, fmt.Sprint(u.Exclude, u.Index, " ", u.Error))
	}
	want := []string{
		"false 1 pattern \"out/*.c\" matches no file\n  hint: git ignores \"out\", and what it ignores is left out",
		"false 3 pattern \"a.o\" matches no file\n  hint: git ignores \"a.o\", and what it ignores is left out",
		`true 0 exclude pattern "a.o" matches none of the files that the include patterns match`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func TestUnmatchedSuggestions(t *testing.T) {
	tree := pathTree([]string{"Modules/expat/expat.h", "Modules/expat/xmlparse.c", "Include/patchlevel.h", "README"})
	for pattern, want := range map[string]string{
		"Modules/expta/**":       `; did you mean "Modules/expat/**"?`,
		"modules/expat/*.c":      `; did you mean "Modules/expat/*.c"?`,
		"Modules/expat/expatt.h": `; did you mean "Modules/expat/expat.h"?`,
		"Module/expt/xmlparse.c": `; did you mean "Modules/expat/xmlparse.c"?`,
		"Modules/expat":          `; did you mean "Modules/expat/**"?`,
		"Modules/expat/*.cc":     "",
		"Totally/different":      "",
		"README/x":               "",
		"*/nothing":              "",
	} {
		m := compile(t, []string{pattern}, []string{pattern})
		sel, err := m.Expand(tree)
		if err != nil {
			t.Fatal(err)
		}
		u := m.Unmatched(sel, tree)
		if len(u) != 2 || !strings.HasSuffix(u[0].Error.Msg, "matches no file"+want) || !strings.HasSuffix(u[1].Error.Msg, "patterns match"+want) || u[0].Exclude || !u[1].Exclude {
			t.Errorf("%q: %v; want %q", pattern, u, want)
		}
	}
}

func TestPathTreeHostile(t *testing.T) {
	tree := pathTree([]string{"a/b", "a", "a/b/c", "a/b", ""})
	sel, err := compile(t, []string{"**"}, nil).Expand(tree)
	if err != nil || !slices.Equal(pathsOf(sel), []string{"a/b"}) {
		t.Errorf("%q, %v", pathsOf(sel), err)
	}
}

func BenchmarkExpand(b *testing.B) {
	var paths []string
	for d := range 100 {
		for f := range 50 {
			paths = append(paths, fmt.Sprintf("pkg/p%02d/src/f%03d.c", d, f))
		}
	}
	tree := pathTree(paths)
	m := compile(b, []string{"pkg/**", "pkg/p00/*.h"}, []string{"pkg/p01/src/f000.c"})
	b.ReportAllocs()
	for b.Loop() {
		if sel, err := m.Expand(tree); err != nil || len(sel.Matches) != 4999 {
			b.Fatal(err)
		}
	}
}

func TestAll(t *testing.T) {
	tree := pathTree([]string{"a", ".hidden", ".dir/.x", ".dir/y", "b/.github/z", "b/c"})
	sel, err := All(tree, FollowLinks)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range sel.Matches {
		got = append(got, m.Path)
	}
	if want := ".dir/.x .dir/y .hidden a b/.github/z b/c"; strings.Join(got, " ") != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// pathTree is the tree of regular files with these relative paths, in any order.
func pathTree(paths []string) *PathTree {
	t := &PathTree{}
	for _, p := range paths {
		t.Add(p, Regular, "")
	}
	return t.Sorted()
}
