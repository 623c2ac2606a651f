package rootfs

import (
	"archive/tar"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sbomctl/sbomctl/engine/oci"
	"github.com/sbomctl/sbomctl/engine/oci/ocitest"
)

type entry = ocitest.Entry

// hard is a hard link.
func hard(name, to string) entry { return entry{Name: name, Type: tar.TypeLink, Link: to} }

// TestLayers: layers, and the tree that they make; or, of hostile ones, the error, which names the entry.
func TestLayers(t *testing.T) {
	long := strings.Repeat("n", 255)
	for _, test := range []struct {
		name   string
		layers [][]entry
		want   []string // as listing has it; without "./", when the root is as always
		err    string   // after "layer sha256:... of the image sha256:... cannot be unpacked: its entry "
	}{
		{name: "no layer"},
		{name: "empty layer", layers: [][]entry{{}}},
		{name: "folders that nobody describes", layers: [][]entry{{{Name: "a/b/c", Body: "x"}}}, want: []string{"a/", "a/b/", "a/b/c = x"}},
		{name: "names with dots and slashes", layers: [][]entry{{{Name: "./a//b/./c", Body: "x"}, {Name: "/d", Body: "y"}, {Name: "//e/"}}}, want: []string{"a/", "a/b/", "a/b/c = x", "d = y", "e/"}},
		{name: "the root's mode", layers: [][]entry{{{Name: "./", Mode: 0o700}}}, want: []string{"./ 0700"}},
		{name: "the root's mode, as a slash", layers: [][]entry{{{Name: "/", Mode: 0o711}}}, want: []string{"./ 0711"}},
		{name: "a file over a file", layers: [][]entry{{{Name: "a", Body: "1", Mode: 0o600}}, {{Name: "a", Body: "2"}}}, want: []string{"a = 2"}},
		{name: "twice in a layer", layers: [][]entry{{{Name: "a", Body: "1"}, {Name: "a", Body: "2"}}}, want: []string{"a = 2"}},
		{name: "a file over a folder", layers: [][]entry{{{Name: "a/"}, {Name: "a/b/c", Body: "1"}}, {{Name: "a", Body: "2"}}}, want: []string{"a = 2"}},
		{name: "a folder over a file", layers: [][]entry{{{Name: "a", Body: "1"}}, {{Name: "a/"}, {Name: "a/b", Body: "2"}}}, want: []string{"a/", "a/b = 2"}},
		{name: "a folder, a file, a folder", layers: [][]entry{{{Name: "a/b"}}, {{Name: "a"}}, {{Name: "a/"}}}, want: []string{"a/"}},
		{name: "a folder over a folder", layers: [][]entry{{{Name: "a/", Mode: 0o700}, {Name: "a/b"}}, {{Name: "a/", Mode: 0o711}}}, want: []string{"a/ 0711", "a/b"}},
		{name: "a folder over a link to one", layers: [][]entry{{{Name: "b/x"}, {Name: "a", Link: "b"}}, {{Name: "a/"}, {Name: "a/y"}}}, want: []string{"a/", "a/y", "b/", "b/x"}},
		{name: "a link over a folder", layers: [][]entry{{{Name: "a/x"}}, {{Name: "a", Link: "b"}}}, want: []string{"a -> b"}},
		{name: "modes", layers: [][]entry{{
			{Name: "f", Mode: 0o4755}, {Name: "g", Mode: 0o2755}, {Name: "s", Mode: 0o1644}, {Name: "none", Mode: 0o100},
			{Name: "d/", Mode: 0o2775}, {Name: "t/", Mode: 0o1777}, {Name: "r/", Mode: 0o500}, {Name: "r/x"}}},
			want: []string{"d/ 2775", "f 0755", "g 0755", "none 0100", "r/ 0500", "r/x", "s 1644", "t/ 1777"}},
		{name: "a later layer writes into a read-only folder", layers: [][]entry{{{Name: "r/", Mode: 0o500}, {Name: "r/x", Body: "1"}}, {{Name: "r/x", Body: "2"}, {Name: "r/y"}}},
			want: []string{"r/ 0500", "r/x = 2", "r/y"}},

		{name: "whiteout of a file", layers: [][]entry{{{Name: "a/b"}, {Name: "a/c"}}, {{Name: "a/.wh.b"}}}, want: []string{"a/", "a/c"}},
		{name: "whiteout of a folder", layers: [][]entry{{{Name: "a/b/c/d"}, {Name: "a/e", Link: "b"}}, {{Name: "a/.wh.b"}}}, want: []string{"a/", "a/e -> b"}},
		{name: "whiteout of a link", layers: [][]entry{{{Name: "b/x"}, {Name: "a", Link: "b"}}, {{Name: ".wh.a"}}}, want: []string{"b/", "b/x"}},
		{name: "whiteout of what is not there", layers: [][]entry{{}, {{Name: ".wh.a"}, {Name: "no/where/.wh.b"}, {Name: "none/.wh..wh..opq"}}}},
		{name: "whiteout below a file", layers: [][]entry{{{Name: "a"}}, {{Name: "a/.wh.b"}}}, want: []string{"a"}},
		{name: "whiteout spares its own layer, before", layers: [][]entry{{{Name: "a", Body: "1"}}, {{Name: ".wh.a"}, {Name: "a", Body: "2"}}}, want: []string{"a = 2"}},
		{name: "whiteout spares its own layer, after", layers: [][]entry{{{Name: "a", Body: "1"}}, {{Name: "a", Body: "2"}, {Name: ".wh.a"}}}, want: []string{"a = 2"}},
		{name: "whiteout of a folder that is filled anew, before", layers: [][]entry{{{Name: "a/", Mode: 0o700}, {Name: "a/old"}}, {{Name: ".wh.a"}, {Name: "a/new"}}}, want: []string{"a/", "a/new"}},
		{name: "whiteout of a folder that is filled anew, after", layers: [][]entry{{{Name: "a/", Mode: 0o700}, {Name: "a/old"}}, {{Name: "a/new"}, {Name: ".wh.a"}}}, want: []string{"a/", "a/new"}},
		{name: "whiteout in a layer of what it has itself", layers: [][]entry{{{Name: "a"}, {Name: ".wh.a"}}}, want: []string{"a"}},
		{name: "whiteout through a link", layers: [][]entry{{{Name: "b/x"}, {Name: "b/y"}, {Name: "a", Link: "/b"}}, {{Name: "a/.wh.x"}}}, want: []string{"a -> /b", "b/", "b/y"}},
		{name: "whiteout of a name that begins with dots", layers: [][]entry{{{Name: "...", Body: "x"}, {Name: "..a", Body: "x"}}, {{Name: ".wh...."}, {Name: ".wh...a"}}}},
		{name: "opaque, first", layers: [][]entry{{{Name: "a/old"}, {Name: "a/b/old"}}, {{Name: "a/.wh..wh..opq"}, {Name: "a/new"}, {Name: "a/b/new"}}}, want: []string{"a/", "a/b/", "a/b/new", "a/new"}},
		{name: "opaque, last", layers: [][]entry{{{Name: "a/old"}, {Name: "a/b/old"}, {Name: "a/c/old"}}, {{Name: "a/new"}, {Name: "a/b/new"}, {Name: "a/.wh..wh..opq"}}}, want: []string{"a/", "a/b/", "a/b/new", "a/new"}},
		{name: "opaque keeps the folder's mode", layers: [][]entry{{{Name: "a/", Mode: 0o711}, {Name: "a/b"}}, {{Name: "a/.wh..wh..opq"}}}, want: []string{"a/ 0711"}},
		{name: "opaque root", layers: [][]entry{{{Name: "a"}, {Name: "b/c"}}, {{Name: ".wh..wh..opq"}, {Name: "d"}}}, want: []string{"d"}},
		{name: "opaque hides a hard link's first name", layers: [][]entry{{{Name: "a/x", Body: "1"}, hard("b", "a/x")}, {{Name: "a/.wh..wh..opq"}}}, want: []string{"a/", "b = 1"}},
		{name: "what AUFS left", layers: [][]entry{{{Name: ".wh..wh.aufs"}, {Name: ".wh..wh.plnk/"}, {Name: ".wh..wh.plnk/1.2"}, {Name: "a"}}}, want: []string{"a"}},

		{name: "hard link", layers: [][]entry{{{Name: "a", Body: "1"}, hard("b/c", "a"), hard("d", "./b/c")}}, want: []string{"a = 1", "b/", "b/c == a", "d == a"}},
		{name: "hard link to a lower layer", layers: [][]entry{{{Name: "a", Body: "1"}}, {hard("b", "a")}, {{Name: ".wh.a"}}}, want: []string{"b = 1"}},
		{name: "hard link, its first name replaced", layers: [][]entry{{{Name: "a", Body: "1"}, hard("b", "a"), {Name: "a", Body: "2"}}}, want: []string{"a = 2", "b = 1"}},
		{name: "hard link to itself", layers: [][]entry{{{Name: "a", Body: "1"}, hard("a", "a")}}, want: []string{"a = 1"}},
		{name: "hard link to a symbolic one", layers: [][]entry{{{Name: "s", Link: "/etc/passwd"}, hard("h", "s")}}, want: []string{"h -> /etc/passwd", "s == h"}},
		{name: "hard link through links", layers: [][]entry{{{Name: "d/a", Body: "1"}, {Name: "s", Link: "/../d"}, hard("b", "s/a")}}, want: []string{"b = 1", "d/", "d/a == b", "s -> /../d"}},
		{name: "hard link over a folder", layers: [][]entry{{{Name: "a", Body: "1"}, {Name: "d/x"}, hard("d", "a")}}, want: []string{"a = 1", "d == a"}},

		{name: "links lead where they do after chroot", layers: [][]entry{{
			{Name: "etc/"}, {Name: "abs", Link: "/etc"}, {Name: "up", Link: "../../../etc"}, {Name: "etc/down", Link: "../x/../etc"}, {Name: "x/"},
			{Name: "abs/1"}, {Name: "up/2"}, {Name: "etc/down/3"}, {Name: "x/again", Link: "../abs"}, {Name: "x/again/4"}}},
			want: []string{"abs -> /etc", "etc/", "etc/1", "etc/2", "etc/3", "etc/4", "etc/down -> ../x/../etc", "up -> ../../../etc", "x/", "x/again -> ../abs"}},
		{name: "a link to what is not there yet", layers: [][]entry{{{Name: "lib", Link: "usr/lib"}, {Name: "lib/x"}}}, want: []string{"lib -> usr/lib", "usr/", "usr/lib/", "usr/lib/x"}},
		{name: "a link out, written through", layers: [][]entry{{{Name: "out", Link: "../../sentinel"}, {Name: "out/x", Body: "1"}, {Name: "o2", Link: "/proc/self/cwd"}, {Name: "o2/y"}}},
			want: []string{"o2 -> /proc/self/cwd", "out -> ../../sentinel", "proc/", "proc/self/", "proc/self/cwd/", "proc/self/cwd/y", "sentinel/", "sentinel/x = 1"}},
		{name: "a file over a link out", layers: [][]entry{{{Name: "l", Link: "../../sentinel/file"}, {Name: "l", Body: "1"}}}, want: []string{"l = 1"}},

		{name: "devices and fifos", layers: [][]entry{
			{{Name: "dev/null", Type: tar.TypeChar, Major: 1, Minor: 3}, {Name: "dev/sda", Type: tar.TypeBlock, Major: 8}, {Name: "p", Type: tar.TypeFifo}, {Name: "x", Body: "1"}},
			{{Name: "x", Type: tar.TypeChar}, hard("dev/zero", "dev/null")}}, want: []string{"dev/"}},
		{name: "a file over a device", layers: [][]entry{{{Name: "x", Type: tar.TypeFifo}}, {{Name: "x", Body: "1"}}}, want: []string{"x = 1"}},
		{name: "contiguous files", layers: [][]entry{{{Name: "x", Type: tar.TypeCont}}}, want: []string{"x"}},

		{name: "names that are not UTF-8", layers: [][]entry{{{Name: "caf\xe9/\xff\xfe", Body: "1"}}}, want: []string{"caf\xe9/", "caf\xe9/\xff\xfe = 1"}},
		{name: "control characters", layers: [][]entry{{{Name: "a\nb\x1b[31m", Body: "1"}}}, want: []string{"a\nb\x1b[31m = 1"}},
		{name: "long names", layers: [][]entry{{{Name: long + "/" + long, Body: "1"}, {Name: "l", Link: strings.Repeat("x/", 500)}}},
			want: []string{"l -> " + strings.Repeat("x/", 500), long + "/", long + "/" + long + " = 1"}},

		{name: "dots", layers: [][]entry{{{Name: "../x"}}}, err: `"../x" has ".." in its name, or in the name that it links to`},
		{name: "dots inside", layers: [][]entry{{{Name: "a/../../x"}}}, err: `"a/../../x" has ".." in its name, or in the name that it links to`},
		{name: "only dots", layers: [][]entry{{{Name: "a/.."}}}, err: `"a/.." has ".." in its name, or in the name that it links to`},
		{name: "absolute dots", layers: [][]entry{{{Name: "/../x"}}}, err: `"/../x" has ".." in its name, or in the name that it links to`},
		{name: "hard link out", layers: [][]entry{{hard("h", "../../sentinel/file")}}, err: `"h" has ".." in its name, or in the name that it links to`},
		{name: "absolute hard link out", layers: [][]entry{{hard("h", "/etc/passwd")}}, err: `"h" is a hard link to "/etc/passwd", which is not there`},
		{name: "hard link out through a link", layers: [][]entry{{{Name: "s", Link: "../../sentinel"}, hard("h", "s/file")}}, err: `"h" is a hard link to "s/file", which is not there`},
		{name: "hard link to a folder", layers: [][]entry{{{Name: "d/"}, hard("h", "d")}}, err: `"h" is a hard link to "d", which is a folder`},
		{name: "hard link to the root", layers: [][]entry{{hard("h", "/")}}, err: `"h" is a hard link to the root`},
		{name: "hard link to what it replaces", layers: [][]entry{{{Name: "d/x"}, hard("d", "d/x")}}, err: `"d" is a hard link to "d/x", which lies in the folder that it takes the place of`},
		{name: "hard link to what was hidden", layers: [][]entry{{{Name: "a"}}, {{Name: ".wh.a"}, hard("h", "a")}}, err: `"h" is a hard link to "a", which is not there`},
		{name: "the root is a link", layers: [][]entry{{{Name: ".", Link: "/etc", Type: tar.TypeSymlink}}}, err: `"." is the root, which has to be a folder`},
		{name: "the root is a file", layers: [][]entry{{{Name: "/.", Type: tar.TypeReg}}}, err: `"/." is the root, which has to be a folder`},
		{name: "the root is a hard link", layers: [][]entry{{{Name: "a"}, hard(".", "a")}}, err: `"." is the root, which has to be a folder`},
		{name: "no name", layers: [][]entry{{{Name: "", Type: tar.TypeReg}}}, err: `"" is the root, which has to be a folder`},
		{name: "whiteout of dot", layers: [][]entry{{{Name: "a/b"}}, {{Name: "a/.wh.."}}}, err: `"a/.wh.." is a whiteout of ".", which is no name of a file`},
		{name: "whiteout of dots", layers: [][]entry{{{Name: "a/b"}}, {{Name: "a/.wh..."}}}, err: `"a/.wh..." is a whiteout of "..", which is no name of a file`},
		{name: "whiteout of nothing", layers: [][]entry{{{Name: ".wh."}}}, err: `".wh." is a whiteout of "", which is no name of a file`},
		{name: "below a whiteout", layers: [][]entry{{{Name: ".wh.a/b"}}}, err: `".wh.a/b" lies below the whiteout ".wh.a"`},
		{name: "below a file", layers: [][]entry{{{Name: "a"}}, {{Name: "a/b"}}}, err: `"a/b" lies below "a", which is no folder`},
		{name: "below a device", layers: [][]entry{{{Name: "a", Type: tar.TypeFifo}, {Name: "a/b/"}}}, err: `"a/b/" lies below "a", which is no folder`},
		{name: "a circle of links", layers: [][]entry{{{Name: "a", Link: "b"}, {Name: "b", Link: "a"}, {Name: "a/x"}}}, err: `"a/x" lies below "a", which is a link that leads round in a circle, or through more than 40 others`},
		{name: "an empty link", layers: [][]entry{{{Name: "a", Type: tar.TypeSymlink}}}, err: `"a" is a symbolic link to a name of 0 bytes; Linux has 1 to 4095, and no zero byte`},
		{name: "an unknown kind", layers: [][]entry{{{Name: "a", Type: 'Z'}}}, err: `"a" is of the kind "Z", which layers have not`},
		{name: "too long a name", layers: [][]entry{{{Name: long + "n"}}}, err: `"` + long[:200] + `..." has 256 bytes between two slashes; Linux has names of at most 255`},
		{name: "too long a path", layers: [][]entry{{{Name: strings.Repeat("a/", 2100) + "b"}}}, err: `"` + strings.Repeat("a/", 100) + `..." has a name of 4201 bytes; the limit is 4095`},
		{name: "too deep", layers: [][]entry{{{Name: strings.Repeat("a/", 251) + "b"}}}, err: `"` + strings.Repeat("a/", 100) + `..." lies more than 250 folders deep, which is the limit`},
		{name: "too deep through links", layers: [][]entry{{{Name: strings.Repeat("a/", 200)}, {Name: "l", Link: strings.Repeat("a/", 200)}, {Name: "l/" + strings.Repeat("b/", 60)}}},
			err: `"l/` + strings.Repeat("b/", 60) + `" lies more than 250 folders deep, which is the limit`},
		{name: "too long through links", layers: [][]entry{{{Name: strings.Repeat(long+"/", 10)}, {Name: "l", Link: strings.Repeat(long+"/", 10)}, {Name: "l/" + strings.Repeat(long+"/", 8)}}},
			err: `"l/` + long[:198] + `..." leads through links to a path of more than 4095 bytes, which is the limit`},
		{name: "an owner below zero", layers: [][]entry{{{Name: "a", UID: -1}}}, err: `"a" belongs to the user -1 and the group 0; Linux has 0 to 4294967294`},
		{name: "an owner that means as it is", layers: [][]entry{{{Name: "a", GID: 1<<32 - 1}}}, err: `"a" belongs to the user 0 and the group 4294967295; Linux has 0 to 4294967294`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newStore(t)
			sentinel := plant(t, s)
			root, err := get(t, s, layersOf(test.layers...)...)
			sentinel(t)
			if test.err != "" {
				var e *oci.Error
				if !errors.As(err, &e) || e.Kind != oci.Malformed {
					t.Fatalf("error %v, want one of a malformed layer", err)
				}
				got := e.Error()
				_, after, _ := strings.Cut(got, " cannot be unpacked: its entry ")
				digest := layersOf(test.layers...)[len(test.layers)-1].Digest.String()
				if after != test.err || !strings.HasPrefix(got, "layer "+digest+" of the image sha256:") {
					t.Errorf("got  %s\nwant %s", got, test.err)
				}
				nothingLeft(t, s)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got := listing(t, root.Path)
			want := test.want
			if len(want) == 0 || !strings.HasPrefix(want[0], "./") {
				want = append([]string{"./"}, want...)
			}
			if !slices.Equal(got, want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}

// plant puts a folder with a file beside the roots of a Store, and returns what checks that it is as it was, and that the Store's own
// folder has roots and nothing else.
func plant(t testing.TB, s *Store) func(testing.TB) {
	t.Helper()
	above := filepath.Dir(s.Dir)
	for _, dir := range []string{filepath.Join(above, "sentinel"), filepath.Join(s.Dir, "sentinel")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "file"), []byte("untouched"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"./", "file = untouched"}
	return func(t testing.TB) {
		t.Helper()
		for _, dir := range []string{filepath.Join(above, "sentinel"), filepath.Join(s.Dir, "sentinel")} {
			if got := listing(t, dir); !slices.Equal(got, want) {
				t.Errorf("%s has %q", dir, got)
			}
			var st unix.Stat_t
			if err := unix.Lstat(filepath.Join(dir, "file"), &st); err != nil || st.Nlink != 1 {
				t.Errorf("%s/file has %d names, %v", dir, st.Nlink, err)
			}
		}
		for _, dir := range []string{above, s.Dir} {
			entries, err := os.ReadDir(dir)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range entries {
				_, ours := ownName(e.Name(), ownerSuffix(keepsOwners()))
				if e.Name() != "sentinel" && e.Name() != filepath.Base(s.Dir) && (!ours || dir == above) {
					t.Errorf("%s was put into %s", e.Name(), dir)
				}
			}
		}
	}
}

// nothingLeft checks that a failed Get left nothing but its lock.
func nothingLeft(t testing.TB, s *Store) {
	t.Helper()
	entries, err := os.ReadDir(s.Dir)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), lockSuffix) && e.Name() != "sentinel" {
			t.Errorf("%s was left", e.Name())
		}
	}
}
