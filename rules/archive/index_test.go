package archive

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/ulikunitz/xz"

	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/action/actiontest"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/files"
	"github.com/sbomctl/sbomctl/engine/tree"
)

// tarEntry is one header of an archive made for a test.
type tarEntry struct {
	tar.Header
	body string
}

func file(name, body string) tarEntry {
	return tarEntry{tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: int64(len(body))}, body}
}

func dir(name string) tarEntry {
	return tarEntry{Header: tar.Header{Typeflag: tar.TypeDir, Name: name, Mode: 0o755}}
}

func link(kind byte, name, to string) tarEntry {
	return tarEntry{Header: tar.Header{Typeflag: kind, Name: name, Linkname: to}}
}

func makeTar(t testing.TB, members ...tarEntry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, m := range members {
		if err := w.WriteHeader(&m.Header); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(m.body)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gz(t testing.TB, b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Write(b)
	w.Close()
	return out.Bytes()
}

func xzip(t testing.TB, b []byte) []byte {
	var out bytes.Buffer
	w, err := xz.NewWriter(&out)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(b)
	w.Close()
	return out.Bytes()
}

func sampleTar(t testing.TB) []byte {
	run := file("top/bin/run", "#!/bin/sh\n")
	run.Mode = 0o755
	return makeTar(t, dir("top/"), run, file("top/a.bat", "x\r\ny\r\n"),
		link(tar.TypeLink, "top/hard", "top/a.bat"), link(tar.TypeSymlink, "top/bin/soft", "../later"),
		link(tar.TypeSymlink, "top/softer", "bin/soft"), dir("top/empty/"),
		file("top/"+strings.Repeat("long/", 40)+"é", "long"), file("top/later", strings.Repeat("later", 1<<16)))
}

func TestIndex(t *testing.T) {
	plain := sampleTar(t)
	want := "bin/run* a.bat hard bin/soft@../later softer@bin/soft empty/ " + strings.Repeat("long/", 40) + "é later"
	for name, archive := range map[string][]byte{
		"a.tar": plain, "a.tgz": gz(t, plain), "a.tar.xz": xzip(t, plain),
		"two members.tgz":    append(gz(t, plain[:777]), gz(t, plain[777:])...),
		"two streams.tar.xz": append(xzip(t, plain[:777]), xzip(t, plain[777:])...),
		"padded.tar":         append(bytes.Clone(plain), make([]byte, 9999)...),
	} {
		x, data, err := runOn(name, archive, IndexParams{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		checkMembers(t, x, data)
		if !bytes.HasPrefix(data, plain) {
			t.Errorf("%s: data is not the tar archive", name)
		}
		var paths []string
		for e := range x.All() {
			paths = append(paths, listed(e))
		}
		if got := strings.Join(paths, " "); got != want || x.Prefix() != "top" {
			t.Errorf("%s: got %s below %q, want %s", name, got, x.Prefix(), want)
		}
		bat, _ := x.Lookup("a.bat")
		if e, _ := x.Lookup("hard"); e.Digest != bat.Digest || e.Facet != bat.Facet || len(e.Facet) == 0 {
			t.Errorf("%s: a hard link is not the file that it leads to", name)
		}
	}
}

// listed is an entry on one line.
func listed(e tree.Entry) string {
	switch e.Kind {
	case files.Symlink:
		return e.Path + "@" + e.Text
	case files.Directory:
		return e.Path + "/"
	case files.Other:
		return e.Path + "|"
	case files.Unusable:
		return e.Path + "!" + e.Text
	}
	if e.Executable {
		return e.Path + "*"
	}
	return e.Path
}

// TestIndexJudgesNothing: what cannot be used is listed with what is wrong with it, for whoever selects it.
func TestIndexJudgesNothing(t *testing.T) {
	self := makeTar(t, file("d/f", "x"), link(tar.TypeLink, "d/f", "d/f"))
	for _, c := range []struct {
		name    string
		archive []byte
		params  IndexParams
		want    string // entries but d/f, and findings
	}{
		{"backslash", makeTar(t, file(`d/a\b`, "")), IndexParams{}, `a\b`},
		{"control", makeTar(t, file("d/a\x1b[2Jb\n", "")), IndexParams{}, "a\x1b[2Jb\n"},
		{"not UTF-8", retype(t, tar.TypeReg, "d/\xff", ""), IndexParams{}, "\xff g"},
		{"dots and slashes", makeTar(t, dir("./"), file("./d//e/./f", ""), dir("d//e//g//")), IndexParams{}, "e/f e/g/"},
		{"fifo", makeTar(t, link(tar.TypeFifo, "d/p", "")), IndexParams{}, "p|"},
		{"label", retype(t, 'V', "label", ""), IndexParams{}, "g"},
		{"incremental", retype(t, 'D', "d/dump/", "Yf\x00"), IndexParams{}, "dump/ g"},
		{"type", retype(t, 'M', "d/next", "x"), IndexParams{}, `next!has the unknown type "M" g`},
		{"v7 directory", retype(t, 0, "d/old/", ""), IndexParams{}, "old/ g"},
		{"ustar directory by its name", retype(t, tar.TypeReg, "d/old/", ""), IndexParams{}, "old/ g"},
		{"PAX sparse", retype(t, tar.TypeXHeader, "PaxHeaders.0/g", "22 GNU.sparse.major=9\n"), IndexParams{}, "g!is a sparse file, which is not supported"},

		{"hard link to nothing", makeTar(t, link(tar.TypeLink, "d/l", "d/f"), file("d/f", "")), IndexParams{}, `l!is a hard link to "d/f", which is no earlier file of the archive`},
		{"hard link to a directory", makeTar(t, dir("d/e/"), link(tar.TypeLink, "d/l", "d/e")), IndexParams{}, `e/ l!is a hard link to "d/e", which is no earlier file of the archive`},
		{"hard link to itself", makeTar(t, link(tar.TypeLink, "d/l", "d/l")), IndexParams{}, `l!is a hard link to itself`},
		{"hard link to itself again", self, IndexParams{}, "; member \"d/f\" is there again as a hard link to itself; it is read once"},
		{"hard link out", makeTar(t, file("d/f", ""), link(tar.TypeLink, "d/l", "/etc/passwd")), IndexParams{}, `l!is a hard link to "/etc/passwd", which is outside of the archive`},
		{"hard link to a link", makeTar(t, link(tar.TypeSymlink, "d/l", "x"), link(tar.TypeLink, "d/m", "./d/l")), IndexParams{}, `l@x m@x`},
		{"hard link to a bad one", makeTar(t, link(tar.TypeLink, "d/l", "d/l"), link(tar.TypeLink, "d/m", "d/l")), IndexParams{}, `l!is a hard link to itself m!is a hard link to "d/l", which cannot be used`},
		{"symlink out", makeTar(t, link(tar.TypeSymlink, "d/l", "../../etc/passwd")), IndexParams{}, `l@../../etc/passwd`},
		{"symlink absolute", makeTar(t, link(tar.TypeSymlink, "d/l", "/etc/passwd")), IndexParams{StripPrefix: "."}, `d/l@/etc/passwd`},
		{"symlink of no target", makeTar(t, link(tar.TypeSymlink, "d/l", "")), IndexParams{}, `l!is a symbolic link to nothing`},
		{"symlink of a long target", makeTar(t, link(tar.TypeSymlink, "d/l", strings.Repeat("x", 4097))), IndexParams{}, `l!is a symbolic link to a path of more than 4096 bytes`},
		{"symlinks in a ring", makeTar(t, link(tar.TypeSymlink, "d/l", "m"), link(tar.TypeSymlink, "d/m", "l")), IndexParams{}, `l@m m@l`},

		{"without end", makeTar(t, file("d/g", ""))[:512], IndexParams{}, "g; ends after member \"d/g\" without the blocks of zeros that end a tar archive; nothing tells whether members are missing"},
		{"without end, zeros in a file", makeTar(t, file("d/g", strings.Repeat("\x00", 2048)))[:512+2048], IndexParams{}, "g; ends after member \"d/g\" without the blocks of zeros that end a tar archive; nothing tells whether members are missing"},
		{"half an end", makeTar(t, file("d/g", "x"))[:1536], IndexParams{}, "g; ends after one block of zeros, expected two"},
		{"zeros behind gzip", append(gz(t, makeTar(t, file("d/g", ""))), make([]byte, 777)...), IndexParams{}, "g; has 777 zero bytes behind its gzip stream"},
		{"beside strip_prefix", makeTar(t, file("package.xml", ""), file("d/e/f", ""), link(tar.TypeLink, "d/e/g", "package.xml")), IndexParams{StripPrefix: "d/e"}, "g; strip_prefix takes what is in \"d/e\"; 1 member beside it is left out"},
	} {
		x, data, found, err := runFound("a", c.archive, c.params)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		checkMembers(t, x, data)
		var got []string
		for e := range x.All() {
			if e.Path != "f" {
				got = append(got, listed(e))
			}
		}
		said := strings.Join(got, " ")
		for _, f := range found {
			said += "; " + f.Msg
		}
		if said != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, said, c.want)
		}
	}
}

func TestMisnamed(t *testing.T) {
	plain := makeTar(t, file("d/f", "x"))
	for name, c := range map[string]struct {
		archive []byte
		want    int
	}{
		"a.tar": {plain, 0}, "a.tgz": {gz(t, plain), 0}, "A.TAR.XZ": {xzip(t, plain), 0}, "a.bin": {plain, 0}, "v1.2": {gz(t, plain), 0},
		"a.tar.gz": {xzip(t, plain), 1}, "a.tar.xz": {plain, 1}, "a.zip": {gz(t, plain), 1},
	} {
		if _, _, found, err := runFound(name, c.archive, IndexParams{}); err != nil || len(found) != c.want {
			t.Errorf("%s: %v, %v", name, found, err)
		}
	}
}

// retype is an archive whose first member has a header that package tar would not write.
func retype(t testing.TB, typeflag byte, name, body string) []byte {
	b := makeTar(t, dir("d/"), file("d/f", body), file("d/g", ""))
	copy(b[512:612], append([]byte(name), make([]byte, 100-len(name))...))
	b[512+156] = typeflag
	sum := 8 * int(' ')
	for i, c := range b[512:1024] {
		if i < 148 || i >= 156 {
			sum += int(c)
		}
	}
	copy(b[512+148:], fmt.Sprintf("%06o\x00 ", sum))
	return b
}

func TestStripPrefix(t *testing.T) {
	for _, c := range []struct{ prefix, name, want, stripped string }{
		{"", "a/b/c", "b/c", "a"},
		{"", "./a/b/c", "b/c", "a"},
		{"a", "a/b/c", "b/c", "a"},
		{"a/b", "a/b/c", "c", "a/b"},
		{".", "a/b/c", "a/b/c", ""},
		{".", "c", "c", ""},
	} {
		members := []tarEntry{file(c.name, "x")}
		if strings.Contains(c.name, "/") {
			members = []tarEntry{dir("./"), dir("a/"), dir("a/b/"), file(c.name, "x")}
		}
		x, _, err := runOn("a.tar", makeTar(t, members...), IndexParams{StripPrefix: c.prefix})
		if err != nil || x.At(0).Path != c.want || x.Prefix() != c.stripped {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// TestIndexRefuses is the list of what is refused, with what the user is told.
func TestIndexRefuses(t *testing.T) {
	good := makeTar(t, dir("d/"), file("d/f", strings.Repeat("content\n", 1000)))
	flip := func(b []byte, at int) []byte {
		b = bytes.Clone(b)
		if at < 0 {
			at += len(b)
		}
		b[at] ^= 0x55
		return b
	}
	global := tarEntry{Header: tar.Header{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"path": "d/evil"}}}
	raw := func(typeflag byte, name, body string) []byte { return retype(t, typeflag, name, body) }
	seal := func(b []byte, at int, c byte) []byte { // changes the block's header and makes its checksum right
		b[at] = c
		binary.LittleEndian.PutUint32(b[20:], crc32.ChecksumIEEE(b[12:20]))
		return b
	}
	giant := strings.Repeat("x", 2<<20)
	zeros := gz(t, makeTar(t, file("d/f", strings.Repeat("\x00", 70<<20))))
	const anyArchive = "expected a .tar.xz, .tar.gz, .tar.bz2, .tar.zst, .tar or .zip archive"

	for _, c := range []struct {
		name    string
		archive []byte
		params  IndexParams
		want    string // after "a: "
	}{
		{"nothing", nil, IndexParams{}, "is empty, " + anyArchive},
		{"html", []byte("<!DOCTYPE html>"), IndexParams{}, "is an HTML or XML document, " + anyArchive},
		{"unknown", []byte("hello"), IndexParams{}, "is no .tar.xz, .tar.gz, .tar.bz2, .tar.zst, .tar or .zip archive"},

		{"tar cut in data", good[:2000], IndexParams{}, `is truncated: the tar archive ends too early, after or in member "d/f"`},
		{"tar cut in header", good[:700], IndexParams{}, `is truncated: the tar archive ends too early, after or in member "d/"`},
		{"tar cut at first member", good[:300], IndexParams{}, `is truncated: the tar archive ends before its first member`},
		{"tar header", flip(good, 512+10), IndexParams{}, `is corrupt: the tar header after member "d/" is damaged or its checksum does not match`},
		{"first tar header", flip(good, 10), IndexParams{}, `is corrupt: the tar header at its first member is damaged or its checksum does not match`},
		{"tar trailing", append(bytes.Clone(good), "garbage"...), IndexParams{}, "has trailing data after the tar archive's end"},
		{"second tar", append(bytes.Clone(good), good...), IndexParams{}, "has trailing data after the tar archive's end"},

		{"gzip cut", gz(t, good)[:60], IndexParams{}, "is truncated: the gzip stream ends after 60 bytes, too early"},
		{"gzip cut in header", gz(t, good)[:5], IndexParams{}, "is truncated: the gzip stream ends after 5 bytes, too early"},
		{"gzip checksum", flip(gz(t, good), -8), IndexParams{}, "is corrupt: a checksum of its gzip stream does not match"},
		{"gzip data", flip(gz(t, good), 10), IndexParams{}, "is corrupt: its gzip stream is damaged"},
		{"gzip header", flip(gz(t, good), 2), IndexParams{}, "is corrupt: the header of its gzip stream is damaged"},
		{"gzip trailing", append(gz(t, good), "garbage"...), IndexParams{}, "has trailing data after its gzip stream"},
		{"gzip of no tar", gz(t, []byte(strings.Repeat("x", 600))), IndexParams{}, "holds no tar archive"},
		{"gzip of a cut tar", gz(t, good[:2000]), IndexParams{}, `is truncated: the tar archive ends too early, after or in member "d/f"`},
		{"gzip cut in second header", append(gz(t, good), gz(t, good)[:5]...), IndexParams{}, fmt.Sprintf("is truncated: the gzip stream ends after %d bytes, too early", len(gz(t, good))+5)},
		{"xz cut", xzip(t, good)[:60], IndexParams{}, "is truncated: the xz stream ends after 60 bytes, too early"},
		{"xz cut in header", xzip(t, good)[:8], IndexParams{}, "is truncated: the xz stream ends after 8 bytes, too early"},
		{"xz data", flip(xzip(t, good), 60), IndexParams{}, "is corrupt: its xz stream is damaged"},
		{"xz footer", flip(xzip(t, good), -6), IndexParams{}, "is corrupt: a checksum of its xz stream does not match"},
		{"xz header", flip(xzip(t, good), 8), IndexParams{}, "is corrupt: a checksum of its xz stream does not match"},
		{"xz dictionary", seal(xzip(t, good), 16, 39), IndexParams{}, "needs an xz dictionary of more than 64 MiB"},
		{"xz filter", seal(xzip(t, good), 14, 4), IndexParams{}, "uses an xz filter or check that is not supported, expected LZMA2 with CRC-32, CRC-64, SHA-256 or none"},
		{"xz trailing", append(xzip(t, good), "garbage....."...), IndexParams{}, "has trailing data after its xz stream"},

		{"absolute", makeTar(t, file("/etc/passwd", "")), IndexParams{StripPrefix: "."}, `member "/etc/passwd": its path is absolute`},
		{"dot dot", makeTar(t, file("d/../../x", "")), IndexParams{}, `member "d/../../x": its path has a ".." segment`},
		{"twice", makeTar(t, file("d/f", "1"), file("d/f", "2")), IndexParams{}, `member "d/f": is there twice`},
		{"twice by ./", makeTar(t, file("d/f", "1"), file("./d/f", "2")), IndexParams{}, `member "./d/f": is there twice`},
		{"file, then directory", makeTar(t, file("d/f", ""), dir("d/f/")), IndexParams{}, `member "d/f": is both a file and a directory`},
		{"directory, then file", makeTar(t, file("d/f/g", ""), file("d/f", "")), IndexParams{}, `member "d/f": is both a file and a directory`},
		{"below a file", makeTar(t, file("d/f", ""), file("d/f/g/h", "")), IndexParams{}, `member "d/f/g/h": lies below "d/f", which is a regular file, expected a directory`},
		{"no top", makeTar(t, file("f", "")), IndexParams{}, "member \"f\": lies outside of a single top-level directory\n  hint: say what to strip with strip_prefix, or upstream_strip_prefix of a vendored_package; \".\" strips nothing"},
		{"two tops", makeTar(t, file("d/f", ""), file("e/f", "")), IndexParams{}, "member \"e/f\": lies outside of \"d/\"\n  hint: say what to strip with strip_prefix, or upstream_strip_prefix of a vendored_package; \".\" strips nothing, a folder takes what is in it: \"d\", \"e\""},
		{"other top", makeTar(t, dir("d/"), file("d/f", "")), IndexParams{StripPrefix: "d/e"}, "has no folder \"d/e\", which strip_prefix names\n  hint: its top folders are \"d\"; \".\" strips nothing"},
		{"misspelt top", makeTar(t, dir("mpdec-1/"), file("mpdec-1/f", "")), IndexParams{StripPrefix: "mpdec-2"}, "has no folder \"mpdec-2\", which strip_prefix names; did you mean \"mpdec-1\"?\n  hint: its top folders are \"mpdec-1\"; \".\" strips nothing"},
		{"top is a file", makeTar(t, file("d/f", "")), IndexParams{StripPrefix: "d/f"}, `its member "d/f" is to be the tree's root by strip_prefix, and is a regular file`},
		{"no files", makeTar(t, dir("d/")), IndexParams{}, "has no files"},
		{"no members", append(makeTar(t, dir("d/"))[:512], make([]byte, 1024)...), IndexParams{}, "has no files"},

		{"device", makeTar(t, link(tar.TypeChar, "d/null", "")), IndexParams{}, `member "d/null": is a device, expected a file, directory or link`},
		{"block device", makeTar(t, link(tar.TypeBlock, "d/sda", "")), IndexParams{}, `member "d/sda": is a device, expected a file, directory or link`},
		{"PAX giant", raw(tar.TypeXHeader, "PaxHeaders.0/f", giant), IndexParams{}, `has a name or extended header of more than 1 MiB after member "d/"`},
		{"GNU giant", raw(tar.TypeGNULongName, "././@LongLink", giant), IndexParams{}, `has a name or extended header of more than 1 MiB after member "d/"`},
		{"global header", makeTar(t, global, file("d/f", "")), IndexParams{}, "has a global header that sets the path of every member"},

		{"below a symlink", makeTar(t, file("d/e/f", ""), link(tar.TypeSymlink, "d/l", "e"), file("d/l/g", "")), IndexParams{}, `member "d/l/g": lies below "d/l", which is a symbolic link, expected a directory`},

		{"bytes", gz(t, good), IndexParams{MaxBytes: 5000}, "decompresses to more than the 5000 bytes that are allowed\n  hint: if the archive is to be trusted, unpack it and build with --override=LABEL=FOLDER, LABEL being its source_tree"},
		{"ratio", zeros, IndexParams{}, "decompresses to more than 200 times its size, as a decompression bomb does\n  hint: if the archive is to be trusted, unpack it and build with --override=LABEL=FOLDER, LABEL being its source_tree"},
		{"files", good, IndexParams{MaxFiles: 1}, "has more than the 1 files and directories that are allowed\n  hint: if the archive is to be trusted, unpack it and build with --override=LABEL=FOLDER, LABEL being its source_tree"},
		{"implied directories", makeTar(t, file("d/1/2/3/4", "")), IndexParams{MaxFiles: 3}, "has more than the 3 files and directories that are allowed\n  hint: if the archive is to be trusted, unpack it and build with --override=LABEL=FOLDER, LABEL being its source_tree"},
	} {
		_, _, err := runOn("a", c.archive, c.params)
		var d *diag.Error
		if err == nil || err.Error() != "a: "+c.want {
			t.Errorf("%s:\n got %v\nwant a: %s", c.name, err, c.want)
		} else if !errors.As(err, &d) || d.Pos != diag.File("a") {
			t.Errorf("%s: %#v is no diagnostic of the archive", c.name, err)
		}
	}
}

func TestBoundsCanBeRaised(t *testing.T) {
	zeros := gz(t, makeTar(t, file("d/f", strings.Repeat("\x00", 70<<20))))
	if _, _, err := runOn("a", zeros, IndexParams{MaxRatio: 2000}); err != nil {
		t.Error(err)
	}
}

func TestIndexParams(t *testing.T) {
	for want, p := range map[string]IndexParams{
		"max_bytes is -1, expected a number from 1 to 1125899906842624": {MaxBytes: -1},
		"max_files is 1048577, expected a number from 1 to 1048576":     {MaxFiles: 1<<20 + 1},
		"max_ratio is -7, expected a number from 1 to 1073741824":       {MaxRatio: -7},
		`strip_prefix "../x" has a ".." segment`:                        {StripPrefix: "../x"},
	} {
		if _, _, err := runOn("a", nil, p); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if err := runIndex(context.Background(), actiontest.New(IndexParams{})); err == nil || err.Error() != `input "archive" has 0 files, expected one` {
		t.Error(err)
	}
}

// Errors of the engine pass through as they are.
func TestIndexPassesErrorsOn(t *testing.T) {
	mine := errors.New("mine")
	broken := actiontest.New(IndexParams{})
	broken.Inputs = map[string][]action.File{"archive": {actiontest.Broken("a", mine)}}
	if err := runIndex(context.Background(), broken); !errors.Is(err, mine) {
		t.Errorf("reading: %v", err)
	}
	full := actiontest.New(IndexParams{}).Add("archive", "a", sampleTar(t))
	full.Full = mine
	if err := runIndex(context.Background(), full); !errors.Is(err, mine) {
		t.Errorf("writing: %v", err)
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(mine)
	if err := runIndex(ctx, actiontest.New(IndexParams{}).Add("archive", "a", sampleTar(t))); !errors.Is(err, mine) {
		t.Errorf("cancelled: %v", err)
	}
}

func FuzzIndex(f *testing.F) {
	// Small ones: package testing minimizes what it finds for minutes.
	plain := makeTar(f, dir("d/"), file("d/f", "x"), link(tar.TypeSymlink, "d/l", "f"), link(tar.TypeLink, "d/h", "d/f"), dir("d/e/"))
	f.Add(plain)
	f.Add(plain[:len(plain)-512])
	f.Add(gz(f, plain))
	f.Add(xzip(f, plain))
	f.Add(zst(f, plain))
	f.Add(bz2(f))
	f.Add(retype(f, 0, "d/old/", ""))
	f.Fuzz(func(t *testing.T, b []byte) {
		x, data, err := runOn("a", b, IndexParams{MaxBytes: 1 << 20, MaxFiles: 1000})
		if err != nil {
			if _, ok := errors.AsType[*diag.Error](err); !ok {
				t.Fatalf("no diagnostic: %v", err)
			}
			return
		}
		checkMembers(t, x, data)
	})
}
