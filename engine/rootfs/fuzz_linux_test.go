package rootfs

import (
	"archive/tar"
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/sbomctl/sbomctl/engine/oci"
	"github.com/sbomctl/sbomctl/engine/oci/ocitest"
)

// header writes an entry as it is told to, whatever archive/tar thinks of it: a name in the ustar field, or, where that is too long for it, in
// GNU's long form.
func header(b *bytes.Buffer, kind byte, name, link string, mode int64, body []byte) {
	long := func(kind byte, value string) {
		if len(value) > 100 {
			header(b, kind, "././@LongLink", "", 0, append([]byte(value), 0))
		}
	}
	long('L', name)
	long('K', link)
	h := make([]byte, 512)
	copy(h[:100], name)
	copy(h[100:], fmt.Sprintf("%07o\x00%07o\x00%07o\x00%011o\x00%011o\x00        ", mode&0o7777777, 0, 0, len(body), 0))
	h[156] = kind
	copy(h[157:257], link)
	copy(h[257:], "ustar  \x00")
	sum := 0
	for _, c := range h {
		sum += int(c)
	}
	copy(h[148:], fmt.Sprintf("%06o\x00 ", sum))
	b.Write(h)
	b.Write(body)
	if over := len(body) % 512; over > 0 {
		b.Write(make([]byte, 512-over))
	}
}

// program makes an archive of lines: a kind, a name, and after a tab what it links to or its body.
func program(text []byte) []byte {
	var b bytes.Buffer
	for i, line := range bytes.Split(text, []byte("\n")) {
		if len(line) == 0 {
			continue
		}
		name, rest, _ := bytes.Cut(line[1:], []byte("\t"))
		kind, mode := line[0], int64(0o644)
		var body []byte
		link := string(rest)
		if kind == tar.TypeReg {
			body, link = rest, ""
		}
		if kind == tar.TypeDir {
			mode = int64(i*0o111) & 0o7777 // of folders that may not be entered, too
		}
		header(&b, kind, string(name), link, mode, body)
	}
	return append(b.Bytes(), make([]byte, 1024)...)
}

// TestZeroBytes: names end at a zero byte, as in C, or are refused.
func TestZeroBytes(t *testing.T) {
	var b bytes.Buffer
	header(&b, 'L', "././@LongLink", "", 0, []byte("a\x00/../../x\x00"))
	header(&b, tar.TypeReg, "short", "", 0o644, []byte("1"))
	header(&b, tar.TypeReg, "b\x00/../c", "", 0o644, []byte("2"))
	root, err := get(t, newStore(t), ocitest.LayerOf(ocitest.None, b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if got := listing(t, root.Path); !slices.Equal(got, []string{"./", "a = 1", "b = 2"}) {
		t.Errorf("got %q", got)
	}
	for _, record := range []string{"14 path=a\x00b/\n", "17 linkpath=a\x00b\n"} {
		b.Reset()
		header(&b, tar.TypeXHeader, "PaxHeaders/x", "", 0, []byte(record))
		header(&b, tar.TypeSymlink, "x", "y", 0o777, nil)
		_, err := get(t, newStore(t), ocitest.LayerOf(ocitest.None, b.Bytes()))
		wantError(t, err, oci.Malformed, "is no tar archive, or a damaged one: invalid tar header")
	}
}

// FuzzLayer: whatever two layers have, nothing outside of the root is touched, what is made is files, folders and links, and it can be removed.
func FuzzLayer(f *testing.F) {
	for _, seed := range []string{
		"0a\tx\n5b/\n0b/c\ty",
		"2out\t../../sentinel\n0out/x\tbad\n0out/file\tbad",
		"2out\t/\n0out/../x\n1h\tout/sentinel/file\n5out/sentinel/",
		"2a\tb\n2b\ta\n0a/c",
		"2a\t../../..\n0a/.wh.sentinel\n0a/.wh..wh..opq\n0.wh..wh..opq\n0.wh...\n0.wh..",
		"5.\n2.\t/etc\n2/\t..\n0\tx\n1x\t.",
		"1h\t../../sentinel/file\n1h\t/sentinel/file\n1h\th",
		"5d/\n5d/d/\n0d/d/f\n0d\n5d/\n0.wh.d\n1d/x\td/y",
		"3null\n4sda\n6fifo\n0fifo\tx\n0fifo/below",
		"2l\ta//./../b\n0l/\xff\xfe\tx\n7t\ty\ng\tz\nZ?\t",
		"2l\tl/../../sentinel\n5l/x/\n0l/x/y",
	} {
		f.Add([]byte(seed), []byte("0etc/a\tx\n2lib\tusr/lib\n5usr/lib/"), true)
	}
	f.Add(ocitest.Tar(entry{Name: "a/b", Body: "x"}, hard("c", "a/b"), entry{Name: "l", Link: "../.."}), []byte("x"), false)
	f.Add(ocitest.Tar(entry{Name: "caf\u00e9", Body: "x", PAX: map[string]string{"SCHILY.xattr.user.a": "b"}}), ocitest.Tar(entry{Name: ".wh.caf\u00e9"}), false)
	f.Fuzz(func(t *testing.T, upper, lower []byte, text bool) {
		if text {
			upper, lower = program(upper), program(lower)
		}
		s := newStore(t)
		s.Limits = Limits{Entries: 200, Bytes: 1 << 20, File: 1 << 20, Path: 1000, Depth: 50, Ratio: 100, Free: 1 << 20}
		sentinel := plant(t, s)
		root, err := get(t, s, ocitest.LayerOf(ocitest.None, lower), ocitest.LayerOf(ocitest.None, upper), ocitest.LayerOf(ocitest.None, lower))
		sentinel(t)
		if err != nil {
			nothingLeft(t, s)
			return
		}
		listing(t, root.Path)
		if err := s.Clear(t.Context()); err != nil {
			t.Error(err)
		}
		nothingLeft(t, s)
		sentinel(t)
	})
}
