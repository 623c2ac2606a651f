package files

import (
	"fmt"
	"strings"
	"testing"
)

func TestAllLinks(t *testing.T) {
	tree := &PathTree{}
	for _, e := range []struct {
		path, text string
		kind       Kind
	}{
		{"a.c", "", Regular}, {"d/b.c", "", Regular}, {"d/e", "", Directory}, {"dir", "d", Symlink}, {"gone", "none", Symlink}, {"l", "dir/b.c", Symlink},
		{"out", "../x", Symlink}, {"pipe", "", Other}, {"bad", "is encrypted", Unusable}, {"tobad", "bad", Symlink}, {"t", "\xff", Symlink}, {"z\xff", "", Regular},
	} {
		tree.Add(e.path, e.kind, e.text)
	}
	tree.Sorted()
	clean := &PathTree{}
	clean.Add("d/e", Directory, "")
	clean.Add("l", Symlink, "nowhere")
	clean.Add("dir", Symlink, "d")
	clean.Add("a.c", Regular, "")
	clean.Sorted()
	for _, c := range []struct {
		tree  Tree
		links Links
		want  string
	}{
		{clean, FollowLinks, `error l: is a symbolic link to nowhere, which does not exist; exclude it, or make it lead to a file`},
		{clean, KeepLinks, `a.c=a.c regular file, d/e=d/e directory, dir=dir symbolic link, l=l symbolic link`},
		{clean, SkipLinks, `a.c=a.c regular file, -l is a symbolic link to nowhere, which does not exist`},
		{tree, SkipLinks, `a.c=a.c regular file, d/b.c=d/b.c regular file, l=d/b.c regular file, -bad is encrypted, -gone is a symbolic link to none, which does not exist, ` +
			`-out is a symbolic link that leads out of the tree, *pipe is a FIFO, socket or device, -t is a symbolic link to "\xff", which does not exist, ` +
			`-tobad is a symbolic link to bad, which is encrypted, -z` + "\xff" + ` the file's name is not valid UTF-8, so no document can list it`},
		{tree, KeepLinks, `error bad: is encrypted; exclude it` + "\n" +
			`t: is a symbolic link to "\xff", which is not valid UTF-8, so no document can list it; rename or exclude it` + "\n" +
			`"z\xff": the file's name is not valid UTF-8, so no document can list it; rename or exclude it`},
	} {
		sel, err := All(c.tree, c.links)
		got := ""
		if err != nil {
			got = "error " + err.Error()
		} else {
			var all []string
			for _, m := range sel.Matches {
				all = append(all, fmt.Sprintf("%s=%s %s", m.Path, m.File, m.Kind))
			}
			for _, l := range sel.LeftOut {
				mark := "-"
				if l.Special {
					mark = "*"
				}
				all = append(all, mark+l.Path+" "+l.Why)
			}
			got = strings.Join(all, ", ")
		}
		if got != c.want {
			t.Errorf("links %d:\n got %s\nwant %s", c.links, got, c.want)
		}
	}
}

// A pattern that matches a FIFO passes it over and says so, unless it is excluded.
func TestExpandSpecial(t *testing.T) {
	tree := &PathTree{}
	tree.Add("a", Regular, "")
	tree.Add("pipe", Other, "")
	tree.Sorted()
	for _, c := range []struct {
		exclude []string
		want    int
	}{{nil, 1}, {[]string{"p*"}, 0}} {
		sel, err := compile(t, []string{"*"}, c.exclude).Expand(tree)
		if err != nil || len(sel.Matches) != 1 || len(sel.LeftOut) != c.want || len(c.exclude) > 0 && !sel.ExcludeUsed[0] {
			t.Errorf("%q: %+v, %v", c.exclude, sel, err)
		}
	}
}
