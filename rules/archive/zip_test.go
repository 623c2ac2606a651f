package archive

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// zipMade is one member of a zip archive made for a test.
type zipMade struct {
	zip.FileHeader
	mode fs.FileMode // 0: as a program on DOS writes it
	body string
	raw  bool // body is written as it is
}

func zipped(name, body string) zipMade {
	return zipMade{FileHeader: zip.FileHeader{Name: name, Method: zip.Deflate}, mode: 0o644, body: body}
}

func makeZip(t testing.TB, members ...zipMade) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, m := range members {
		if m.mode != 0 {
			m.SetMode(m.mode)
		}
		create := w.CreateHeader
		if m.raw {
			create = w.CreateRaw
		}
		out, err := create(&m.FileHeader)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := out.Write([]byte(m.body)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// storedZip is an archive of two stored members without data descriptors, whose records tests change by hand.
func storedZip(t testing.TB) []byte {
	member := func(name, body string) zipMade {
		m := zipMade{FileHeader: zip.FileHeader{Name: name, CRC32: crc32.ChecksumIEEE([]byte(body)), CompressedSize64: uint64(len(body)), UncompressedSize64: uint64(len(body))}, body: body, raw: true}
		return m
	}
	return makeZip(t, member("d/f", "hello"), member("d/g", "world!"))
}

func TestIndexZip(t *testing.T) {
	run := zipped("top/bin/run", "#!/bin/sh\n")
	run.mode = 0o755
	link := zipped("top/soft", "bin/run")
	link.mode = fs.ModeSymlink | 0o777
	dir := zipped("top/empty/", "")
	dir.Method, dir.mode = zip.Store, fs.ModeDir|0o755
	pipe := zipMade{FileHeader: zip.FileHeader{Name: "top/pipe"}, mode: fs.ModeNamedPipe | 0o644}
	secret := zipMade{FileHeader: zip.FileHeader{Name: "top/secret", Flags: zipEncrypted, CompressedSize64: 3, UncompressedSize64: 3}, body: "xyz", raw: true}
	bz := zipMade{FileHeader: zip.FileHeader{Name: "top/bz", Method: 12, CompressedSize64: 3, UncompressedSize64: 9}, body: "xyz", raw: true}
	b := makeZip(t, run, zipMade{FileHeader: zip.FileHeader{Name: "top/dos.txt"}, body: "dos"}, link, dir, pipe, secret, bz, zipped("top/a\\b", strings.Repeat("long ", 1e5)), zipped("top/nothing", ""))
	x, data, found, err := runFound("a.zip", b, IndexParams{})
	if err != nil || len(found) > 0 {
		t.Fatal(err, found)
	}
	checkMembers(t, x, data)
	var got []string
	for e := range x.All() {
		got = append(got, listed(e))
	}
	want := `bin/run* dos.txt soft@bin/run empty/ pipe| secret!is encrypted bz!is compressed by method 12, which is not supported, expected deflate a\b nothing`
	if got := strings.Join(got, " "); got != want || x.Prefix() != "top" {
		t.Errorf("got %s below %q", got, x.Prefix())
	}
}

// TestIndexZipRefuses is the list of zip archives that are refused, with what the user is told.
func TestIndexZipRefuses(t *testing.T) {
	good := storedZip(t)
	if x, data, err := runOn("a", good, IndexParams{}); err != nil || x.Files() != 2 || string(data) != "helloworld!" {
		t.Fatalf("%v: %q", err, data)
	}
	le := binary.LittleEndian
	second := bytes.LastIndex(good, []byte(zipMember))
	central := bytes.Index(good, []byte(zipEntry))
	central2 := bytes.LastIndex(good, []byte(zipEntry))
	end := bytes.LastIndex(good, []byte(zipEnd))
	change := func(f func(b []byte)) []byte {
		b := bytes.Clone(good)
		f(b)
		return b
	}
	named := func(name string, mode fs.FileMode) []byte {
		m := zipped(name, "")
		m.mode, m.Method = mode, zip.Store
		return makeZip(t, zipped("d/a", "x"), m)
	}
	const disagree = ": programs disagree on what the archive holds"
	for _, c := range []struct {
		name    string
		archive []byte
		params  IndexParams
		want    string
	}{
		{"no end", good[:end], IndexParams{}, "is truncated: the record that ends a zip archive is missing"},
		{"cut end", good[:len(good)-1], IndexParams{}, "is truncated, or has trailing data: it does not end with the record that ends a zip archive"},
		{"trailing", append(bytes.Clone(good), "garbage"...), IndexParams{}, "is truncated, or has trailing data: it does not end with the record that ends a zip archive"},
		{"junk before", append([]byte(zipMember+"junk"), good...), IndexParams{}, "is corrupt: its list of members is not where it says"},
		{"split", change(func(b []byte) { b[end+4] = 1 }), IndexParams{}, "is a part of a split zip archive"},
		{"count", change(func(b []byte) { b[end+8], b[end+10] = 1, 1 }), IndexParams{}, "is corrupt: its list of members has another size than it says"},
		{"large count", change(func(b []byte) { le.PutUint16(b[end+8:], 60000); le.PutUint16(b[end+10:], 60000) }), IndexParams{}, "is corrupt: its list of members has another size than it says"},
		{"zip64 without a record", change(func(b []byte) { le.PutUint32(b[end+16:], 1<<32-1) }), IndexParams{}, "is corrupt: its list of members is not where it says"},
		{"damaged list", change(func(b []byte) { b[central] = 'X' }), IndexParams{}, "is corrupt: its list of members is damaged"},
		{"name beyond the list", change(func(b []byte) { le.PutUint16(b[central2+28:], 9999) }), IndexParams{}, "is corrupt: its list of members is damaged"},
		{"checksum", change(func(b []byte) { b[second+30+3] ^= 1 }), IndexParams{}, `member "d/g": is corrupt: its checksum does not match`},

		{"other name", change(func(b []byte) { b[second+30] = 'e' }), IndexParams{}, `member "d/g": its local header names it "e/g"` + disagree},
		{"other size", change(func(b []byte) { b[second+22] = 5 }), IndexParams{}, `member "d/g": its local header has another size than the archive's list` + disagree},
		{"other packed size", change(func(b []byte) { b[second+18] = 5 }), IndexParams{}, `member "d/g": its local header has another size than the archive's list` + disagree},
		{"other checksum", change(func(b []byte) { b[second+14] ^= 1 }), IndexParams{}, `member "d/g": its local header has another checksum than the archive's list` + disagree},
		{"other method", change(func(b []byte) { b[second+8] = 8 }), IndexParams{}, `member "d/g": its local header has another compression than the archive's list` + disagree},
		{"other flags", change(func(b []byte) { b[second+6] = 1 }), IndexParams{}, `member "d/g": its local header has other flags than the archive's list` + disagree},
		{"no header", change(func(b []byte) { b[second] = 'X' }), IndexParams{}, `member "d/g": its local header is not where the archive's list says`},
		{"header outside", change(func(b []byte) { le.PutUint32(b[central2+42:], uint32(central-29)) }), IndexParams{}, `member "d/g": its data lies outside of the archive`},
		{"header far outside", change(func(b []byte) { le.PutUint32(b[central2+42:], 1<<32-1) }), IndexParams{}, `member "d/g": its data lies outside of the archive`},
		{"data outside", change(func(b []byte) {
			for _, at := range []int{second + 18, second + 22, central2 + 20, central2 + 24} {
				b[at] = 7
			}
		}), IndexParams{}, `member "d/g": its data lies outside of the archive`},
		{"shared data", change(func(b []byte) {
			le.PutUint32(b[central2+42:], 0)
			copy(b[central2:][16:28], b[central:][16:28])
			copy(b[central2:][46:49], "d/f")
		}), IndexParams{}, `member "d/f": it shares its data with member "d/f", as in a decompression bomb`},
		{"overlapping data", change(func(b []byte) {
			n := byte(second - 33 + 36) // the first member reaches into the second
			for _, at := range []int{18, 22, central + 20, central + 24} {
				b[at] = n
			}
		}), IndexParams{}, `member "d/g": it shares its data with member "d/f", as in a decompression bomb`},
		{"two sizes", change(func(b []byte) { b[second+22], b[central2+24] = 5, 5 }), IndexParams{}, `member "d/g": is not compressed and has two sizes`},

		{"twice", makeZip(t, zipped("d/f", "1"), zipped("d/f", "2")), IndexParams{}, `member "d/f": is there twice`},
		{"absolute", makeZip(t, zipped("/etc/passwd", "")), IndexParams{StripPrefix: "."}, `member "/etc/passwd": its path is absolute`},
		{"dot dot", makeZip(t, zipped("d/../../x", "")), IndexParams{}, `member "d/../../x": its path has a ".." segment`},
		{"NUL", makeZip(t, zipped("d/a\x00b", "")), IndexParams{}, `member "d/a\x00b": its path has a NUL`},
		{"empty name", makeZip(t, zipped("", "x")), IndexParams{}, `member "": its path is empty`},
		{"device", named("d/null", fs.ModeDevice|fs.ModeCharDevice|0o644), IndexParams{}, `member "d/null": is a device, expected a file, directory or link`},
		{"link with a slash", named("d/l/", fs.ModeSymlink|0o777), IndexParams{}, `member "d/l/": is a directory by its name and none by its mode`},
		{"folder with data", makeZip(t, zipMade{FileHeader: zip.FileHeader{Name: "d/e", CompressedSize64: 1, UncompressedSize64: 1}, mode: fs.ModeDir | 0o755, body: "x", raw: true}), IndexParams{}, `member "d/e": is no file but has 1 bytes of data`},
		{"below a link", makeZip(t, zipMade{FileHeader: zip.FileHeader{Name: "d/l"}, mode: fs.ModeSymlink | 0o777, body: "e"}, zipped("d/l/f", "")), IndexParams{}, `member "d/l/f": lies below "d/l", which is a symbolic link, expected a directory`},
		{"two tops", makeZip(t, zipped("d/f", ""), zipped("e/f", "")), IndexParams{}, "member \"e/f\": lies outside of \"d/\"\n  hint: say what to strip with strip_prefix, or upstream_strip_prefix of a vendored_package; \".\" strips nothing, a folder takes what is in it: \"d\", \"e\""},
		{"no members", makeZip(t), IndexParams{}, "has no files"},
		{"bytes", good, IndexParams{MaxBytes: 10}, "decompresses to more than the 10 bytes that are allowed\n  hint: " + trust[0]},
		{"files", good, IndexParams{MaxFiles: 1}, "has more than the 1 files and directories that are allowed"},
		{"bomb", makeZip(t, zipped("d/f", strings.Repeat("\x00", 70<<20))), IndexParams{}, "decompresses to more than 200 times its size, as a decompression bomb does\n  hint: " + trust[0]},
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

// What a member decompresses to is not taken on trust.
func TestIndexZipSizes(t *testing.T) {
	for want, size := range map[string]uint64{"has more data than it says": 4, "has less data than it says": 6} {
		m := zipped("d/f", "hello")
		b := makeZip(t, m)
		r, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		raw := r.File[0].FileHeader
		at, _ := r.File[0].DataOffset()
		raw.UncompressedSize64, raw.Flags = size, 0
		lying := makeZip(t, zipMade{FileHeader: raw, body: string(b[at : at+int64(raw.CompressedSize64)]), raw: true})
		if _, _, err := runOn("a", lying, IndexParams{}); err == nil || err.Error() != `a: member "d/f": `+want {
			t.Errorf("got %v, want %s", err, want)
		}
		raw.UncompressedSize64, raw.CRC32 = 5, raw.CRC32^1
		lying = makeZip(t, zipMade{FileHeader: raw, body: string(b[at : at+int64(raw.CompressedSize64)]), raw: true})
		if _, _, err := runOn("a", lying, IndexParams{}); err == nil || err.Error() != `a: member "d/f": is corrupt: its checksum does not match` {
			t.Error(err)
		}
	}
}

// Info-ZIP writes a name that is not ASCII twice.
func TestIndexZipNames(t *testing.T) {
	extra := func(of, utf8 string) []byte {
		v := binary.LittleEndian.AppendUint32([]byte{1}, crc32.ChecksumIEEE([]byte(of)))
		v = append(v, utf8...)
		head := binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(nil, unicodeExtra), uint16(len(v)))
		return append(head, v...)
	}
	with := func(name string, extra []byte) []byte {
		m := zipped(name, "x")
		m.Extra, m.NonUTF8 = extra, true
		return makeZip(t, m)
	}
	for _, c := range []struct {
		archive []byte
		want    string
	}{
		{with("d/caf\x82", extra("d/caf\x82", "d/café")), "café"},
		{with("d/caf\x82", extra("d/other\x82", "d/café")), "caf\x82"},
		{with("d/caf\x82", nil), "caf\x82"},
		{makeZip(t, zipped("d/café", "x")), "café"},
		{with("d/plain", extra("d/plain", "d/plain")), "plain"},
		{with("d/plain", extra("d/plain", "d/evil")), `a: member "d/plain": has a second name, "d/evil"`},
		{with("d/caf\x82", extra("d/caf\x82", "d/\xff")), `a: member "d/caf\x82": has a second name, "d/\xff"`},
	} {
		got := ""
		if x, _, err := runOn("a", c.archive, IndexParams{}); err != nil {
			got = err.Error()
		} else {
			got = x.At(0).Path
		}
		if got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

// Whatever is cut off, the archive is refused, and nothing is a crash.
func TestZipCut(t *testing.T) {
	b := makeZip(t, zipped("d/f", "hello"), zipped("d/g", strings.Repeat("world", 100)))
	for n := range len(b) {
		if _, _, err := runOn("a", b[:n], IndexParams{}); err == nil {
			t.Errorf("the first %d of %d bytes are read", n, len(b))
		} else if _, ok := errors.AsType[*diag.Error](err); !ok {
			t.Errorf("%d bytes: no diagnostic: %v", n, err)
		}
	}
}

const zipScript = `
import sys, zipfile, stat
def link(z, name, to):
    i = zipfile.ZipInfo(name); i.create_system = 3; i.external_attr = (stat.S_IFLNK | 0o777) << 16
    z.writestr(i, to)
with zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED) as z:
    z.writestr("p-1/a.c", "int a;\n" * 1000)
    z.writestr("p-1/caf\u00e9.c", "x")
    z.mkdir("p-1/empty") if hasattr(z, "mkdir") else z.writestr("p-1/empty/", "")
    link(z, "p-1/l", "a.c")
    with z.open("p-1/large", "w", force_zip64=True) as f:
        f.write(b"y" * 5)
with open(sys.argv[2], "wb") as f: # a stream: data descriptors
    class W:
        def write(self, b): return f.write(b)
        def flush(self): pass
    with zipfile.ZipFile(W(), "w") as z:
        z.writestr("p-1/a.c", "int a;\n")
`

// Python's zipfile writes zip64 fields and data descriptors in its own way.
func TestIndexZipOfPython(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not installed")
	}
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a.zip"), filepath.Join(dir, "b.zip")
	if out, err := exec.Command(python, "-c", zipScript, a, b).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for file, want := range map[string]string{a: "a.c café.c empty/ l@a.c large", b: "a.c"} {
		checkFile(t, file, want)
	}
}

func checkFile(t *testing.T, file, want string) {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	x, data, found, err := runFound(filepath.Base(file), raw, IndexParams{})
	if err != nil || len(found) > 0 {
		t.Errorf("%s: %v %v", file, err, found)
		return
	}
	checkMembers(t, x, data)
	var got []string
	for e := range x.All() {
		got = append(got, listed(e))
	}
	if got := strings.Join(got, " "); got != want {
		t.Errorf("%s: got %s, want %s", filepath.Base(file), got, want)
	}
}

// FuzzZip: what is read has the bytes that package archive/zip reads.
func FuzzZip(f *testing.F) {
	f.Add(storedZip(f))
	f.Add(makeZip(f, zipped("d/f", "hello"), zipped("d/e/", "")))
	f.Add(makeZip(f, zipMade{FileHeader: zip.FileHeader{Name: "d/l"}, mode: fs.ModeSymlink | 0o777, body: "e"}))
	f.Fuzz(func(t *testing.T, b []byte) {
		list, err := readZip(bytes.NewReader(b), int64(len(b)), 1000)
		if err != nil {
			return
		}
		if r, err := zip.NewReader(bytes.NewReader(b), int64(len(b))); err == nil || errors.Is(err, zip.ErrInsecurePath) {
			if len(r.File) != len(list) {
				t.Fatalf("%d members, archive/zip has %d", len(list), len(r.File))
			}
			for i, f := range list {
				if o := r.File[i]; f.size != int64(o.UncompressedSize64) || f.compressed != int64(o.CompressedSize64) || f.crc != o.CRC32 {
					t.Fatalf("%+v, archive/zip has %+v", f, o)
				}
			}
		} else {
			t.Logf("archive/zip refuses it: %v", err)
		}
		if !bytes.HasPrefix(b, []byte(zipMember)) && !bytes.HasPrefix(b, []byte(zipEnd)) {
			return
		}
		x, data, err := runOn("a", b, IndexParams{MaxBytes: 1 << 20, MaxFiles: 1000, StripPrefix: "."})
		if err != nil {
			if _, ok := errors.AsType[*diag.Error](err); !ok {
				t.Fatalf("no diagnostic: %v", err)
			}
			return
		}
		checkMembers(t, x, data)
	})
}
