package tree

import (
	"bytes"
	"encoding/binary"
	"reflect"
	"strings"
	"testing"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/engine/files"
)

func entry(path string, offset int64, content string) Entry {
	h := files.NewHasher(files.Facet{})
	h.Write([]byte(content))
	s := h.Sum()
	return Entry{Path: path, Kind: files.Regular, Digest: s.Digest, Facet: "facet of " + path, Offset: offset}
}

func sample(t testing.TB) *Index {
	exe := entry("bin/run", 512, "#!/bin/sh\n")
	exe.Executable = true
	x, err := New("Python-1", 4096, []Entry{exe, entry("Lib/a.bat", 1536, "a\r\nb\r\n"), entry("Lib/ä", 2560, ""),
		{Path: "Lib/l", Kind: files.Symlink, Text: "nowhere"}, {Path: "Lib/e", Kind: files.Directory}, {Path: "p", Kind: files.Other},
		{Path: "Lib/\xff", Kind: files.Unusable, Text: "is a sparse file"}})
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestRoundTrip(t *testing.T) {
	x := sample(t)
	y, err := Decode(x.Encode())
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(x, y) {
		t.Fatalf("got %+v, want %+v", y, x)
	}
	if y.Prefix() != "Python-1" || y.DataSize() != 4096 || y.Len() != 7 || y.Files() != 3 {
		t.Errorf("prefix %q, data size %d, %d members, %d files", y.Prefix(), y.DataSize(), y.Len(), y.Files())
	}
	e, ok := y.Lookup("Lib/a.bat")
	if !ok || e != y.At(1) || e.Facet != "facet of Lib/a.bat" {
		t.Errorf("Lookup: %+v %v", e, ok)
	}
	if _, ok := y.Lookup("Lib"); ok {
		t.Error("a directory was found as a file")
	}
	var paths []string
	for e := range y.All() {
		if paths = append(paths, e.Path); len(paths) == 2 {
			break
		}
	}
	if got := strings.Join(paths, " "); got != "bin/run Lib/a.bat" {
		t.Errorf("All: %s", got)
	}
	if e := y.At(0); !e.Executable || e.Path != "bin/run" || e.Kind != files.Regular {
		t.Errorf("At: %+v", e)
	}
}

func TestNewRefuses(t *testing.T) {
	for want, entries := range map[string][]Entry{
		`path "a" is there twice`:                   {entry("a", 0, ""), entry("a", 0, "x")},
		`path "a/b" is both a file and a directory`: {entry("a/b/c/d", 0, ""), entry("a/b", 0, "x")},
		`path "../a" has a ".." segment`:            {entry("../a", 0, "")},
		`path "l" is both a file and a directory`:   {entry("l/b", 0, ""), {Path: "l", Kind: files.Symlink, Text: "x"}},
		`path "e" is both a file and a directory`:   {{Path: "e", Kind: files.Directory}, entry("e/b", 0, "")},
		`the bytes of "a" lie outside of data`:      {entry("a", 99, "xx")},
		`the bytes of "b" lie outside of data`:      {entry("b", -1, "xx")},
		`the bytes of "c" lie outside of data`:      {{Path: "c", Kind: files.Regular, Offset: 1<<63 - 1, Digest: cache.Digest{Size: 1<<63 - 1}}},
	} {
		if _, err := New("", 100, entries); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if _, err := New("/p", 0, nil); err == nil || err.Error() != `prefix "/p" is absolute` {
		t.Error(err)
	}
	if _, err := New("", -1, nil); err == nil {
		t.Error("negative data size accepted")
	}
	if _, err := New("", 0, make([]Entry, MaxEntries+1)); err == nil {
		t.Error("too many entries accepted")
	}
}

func TestCheckPath(t *testing.T) {
	for path, want := range map[string]string{
		"a": "", "a/b.c/...": "", "ä/日本": "", "a b": "", " ": "", "..a": "",
		"":      "is empty",
		"/a":    "is absolute",
		"a/":    "has an empty segment",
		"a//b":  "has an empty segment",
		"./a":   `has a "." segment`,
		"a/..":  `has a ".." segment`,
		"a\x00": "has a NUL",
		"a\\b":  "", "a\nb": "", "\x7f": "", "a\xff": "", // letters, as in a folder
		strings.Repeat("a/", 256): "has more than 256 segments",
		strings.Repeat("a", 4097): "is longer than 4096 bytes",
	} {
		got := ""
		if err := CheckPath(path); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("CheckPath(%q) = %q, want %q", path, got, want)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	good := sample(t).Encode()
	for i := range good {
		if _, err := Decode(good[:i]); err == nil {
			t.Fatalf("the first %d of %d bytes were accepted", i, len(good))
		}
	}
	head := func(numbers ...uint64) []byte {
		b := []byte(magic)
		for _, n := range numbers {
			b = binary.AppendUvarint(b, n)
		}
		return b
	}
	for name, c := range map[string]struct {
		b    []byte
		want string
	}{
		"foreign":       {[]byte("PK\x03\x04"), "it does not begin as one"},
		"trailing":      {append(bytes.Clone(good), 0), "bytes after its end"},
		"many":          {head(0, 0, MaxEntries), "it is truncated"},
		"too many":      {head(0, 0, MaxEntries+1), "a number is out of range"},
		"long prefix":   {head(4097), "a number is out of range"},
		"overlong":      {append([]byte(magic), 0x80, 0), "a number is not in its shortest form"},
		"negative size": {head(0, 1<<63, 0), "a number is out of range"},
		"kind":          {append(head(0, 0, 1, 12), make([]byte, minEntry)...), "a number is out of range"},
		"no kind":       {append(head(0, 0, 1, 0, 1), 'a', 0), `member "a" is of an unknown kind`},
		"short entry":   {append(head(0, 0, 1, 2, 0, 0, 0), make([]byte, 31)...), "it is truncated"},
		"empty path":    {append(head(0, 0, 1, 2, 0, 0, 0), append(make([]byte, 32), 0)...), `path "" is empty`},
		"long facet":    {append(append(head(0, 0, 1, 2, 0, 0, 0), make([]byte, 32)...), 0x81, 0x20), "a number is out of range"},
		"link":          {append(head(0, 0, 1, 6, 1), 'a', 0), `member "a" has fields that are not of its kind`},
		"folder":        {append(head(0, 0, 1, 4, 1), 'a', 1, 'b'), `member "a" has fields that are not of its kind`},
		"program":       {append(head(0, 0, 1, 9, 1), 'a', 0), `member "a" has fields that are not of its kind`},
		"long target":   {append(head(0, 0, 1, 6, 1), 'a', 0x81, 0x20), "a number is out of range"},
	} {
		if _, err := Decode(c.b); err == nil || err.Error() != "damaged tree index: "+c.want {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte(magic))
	f.Add(sample(f).Encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		x, err := Decode(b)
		if err == nil && !bytes.Equal(x.Encode(), b) {
			t.Fatalf("%q is accepted but encodes to %q", b, x.Encode())
		}
	})
}
