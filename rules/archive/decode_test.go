package archive

import (
	"archive/tar"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/sbomctl/sbomctl/engine/diag"
)

func zst(t testing.TB, b []byte, options ...zstd.EOption) []byte {
	var out bytes.Buffer
	w, err := zstd.NewWriter(&out, append([]zstd.EOption{zstd.WithEncoderConcurrency(1)}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(b)
	w.Close()
	return out.Bytes()
}

// bz2 is the bzip2 stream of a tar archive with one file, top/LICENSE.
func bz2(t testing.TB) []byte {
	b, err := hex.DecodeString(bzip2ed)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// gzHeader is a gzip stream with these parts of a header. crc says that it has a checksum of its header, which is off by wrong.
func gzHeader(t testing.TB, plain []byte, extra, name, comment string, crc bool, wrong uint16) []byte {
	b := gz(t, plain)
	head := bytes.Clone(b[:10])
	if crc {
		head[3] |= gzipHeaderCRC
	}
	if extra != "" {
		head[3] |= gzipExtra
		head = append(binary.LittleEndian.AppendUint16(head, uint16(len(extra))), extra...)
	}
	if name != "" {
		head[3] |= gzipName
		head = append(append(head, name...), 0)
	}
	if comment != "" {
		head[3] |= gzipComment
		head = append(append(head, comment...), 0)
	}
	if crc {
		head = binary.LittleEndian.AppendUint16(head, uint16(crc32.ChecksumIEEE(head))^wrong)
	}
	return append(head, b[10:]...)
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// TestDecode: streams as they are found, and what is odd about them.
func TestDecode(t *testing.T) {
	plain := makeTar(t, file("top/LICENSE", "words"))
	long := strings.Repeat("a long comment ", 10000)
	for name, c := range map[string]struct {
		archive []byte
		odd     string
	}{
		"gzip":                        {gz(t, plain), ""},
		"gzip in parts":               {join(gz(t, plain[:100]), gz(t, nil), gz(t, plain[100:])), ""},
		"gzip with a long comment":    {gzHeader(t, plain, "", "", long, false, 0), ""},
		"gzip with everything":        {gzHeader(t, plain, strings.Repeat("x", 65535), long, long, true, 0), ""},
		"gzip in parts with comments": {join(gzHeader(t, plain[:600], "e", "", long, true, 0), gzHeader(t, plain[600:], "", long, "", false, 0)), ""},
		"gzip and zeros":              {join(gz(t, plain), make([]byte, 100000)), "has 100000 zero bytes behind its gzip stream"},
		"gzip and a zero":             {join(gz(t, plain), make([]byte, 1)), "has 1 zero byte behind its gzip stream"},
		"bzip2":                       {bz2(t), ""},
		"bzip2 and zeros":             {join(bz2(t), make([]byte, 1000)), "has 1000 zero bytes behind its bzip2 stream"},
		"bzip2 and two zeros":         {join(bz2(t), make([]byte, 2)), "has 2 zero bytes behind its bzip2 stream"},
		"zstd":                        {zst(t, plain), ""},
		"zstd in parts":               {join(zst(t, plain[:700]), zst(t, plain[700:])), ""},
		"zstd behind a skippable":     {join([]byte("\x50\x2a\x4d\x18\x03\x00\x00\x00abc"), zst(t, plain)), ""},
		"zstd with a large window":    {zst(t, plain, zstd.WithWindowSize(128<<20), zstd.WithSingleSegment(false)), ""},
		"xz in parts":                 {join(xzip(t, plain[:700]), xzip(t, plain[700:])), ""},
		"xz with padding":             {join(xzip(t, plain), make([]byte, 8)), ""},
	} {
		x, data, found, err := runFound("a", c.archive, IndexParams{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		checkMembers(t, x, data)
		odd := ""
		for _, f := range found {
			odd += f.Msg
		}
		if _, ok := x.Lookup("LICENSE"); !ok || odd != c.odd {
			t.Errorf("%s: %q, %q", name, odd, x.At(0).Path)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	plain := makeTar(t, file("top/LICENSE", "words"))
	flip := func(b []byte, at int) []byte {
		b = bytes.Clone(b)
		b[(at+len(b))%len(b)] ^= 0x55
		return b
	}
	for name, c := range map[string]struct {
		archive []byte
		want    string
	}{
		"gzip header checksum": {gzHeader(t, plain, "", "", "c", true, 1), "is corrupt: the header of its gzip stream is damaged"},
		"gzip reserved flag":   {flip(gz(t, plain), 3), "is corrupt: the header of its gzip stream is damaged"},
		"gzip length":          {flip(gz(t, plain), -1), "is corrupt: a checksum of its gzip stream does not match"},
		"gzip zeros, garbage":  {join(gz(t, plain), make([]byte, 10), []byte("x")), "has trailing data after its gzip stream"},
		"gzip zeros, gzip":     {join(gz(t, plain), make([]byte, 10), gz(t, plain)), "has trailing data after its gzip stream"},
		"gzip, half a magic":   {join(gz(t, plain), []byte("\x1f")), "has trailing data after its gzip stream"},
		"bzip2 trailing":       {join(bz2(t), []byte("garbage")), "has trailing data after its bzip2 stream"},
		"bzip2 zeros, garbage": {join(bz2(t), make([]byte, 10), []byte("x")), "has trailing data after its bzip2 stream"},
		"bzip2 damaged":        {flip(bz2(t), -20), "is corrupt: its bzip2 stream is damaged"},
		"zstd trailing":        {join(zst(t, plain), []byte("garbage")), "has trailing data after its zstd stream"},
		"zstd checksum":        {flip(zst(t, plain), -1), "is corrupt: a checksum of its zstd stream does not match"},
		"zstd of no tar":       {zst(t, []byte("#!/bin/sh\n")), "holds no tar archive"},
		"gzip of nothing":      {gz(t, nil), "is empty: there is no tar archive in it"},
		"gzip of a patch":      {gz(t, []byte(strings.Repeat("--- a/f\n+++ b/f\n", 100))), "holds no tar archive"},
	} {
		_, _, err := runOn("a", c.archive, IndexParams{})
		if err == nil || err.Error() != "a: "+c.want {
			t.Errorf("%s: got %v, want a: %s", name, err, c.want)
		}
	}
}

// TestCut: an archive that was cut anywhere is refused. A bare tar archive may end behind a member's data, which is said.
func TestCut(t *testing.T) {
	plain := makeTar(t, dir("top/"), file("top/LICENSE", "words"), link(tar.TypeLink, "top/hard", "top/LICENSE"), file("top/"+strings.Repeat("long/", 40)+"f", strings.Repeat("more", 200)))
	for name, b := range map[string][]byte{"gzip": gz(t, plain), "xz": xzip(t, plain), "zstd": zst(t, plain), "bzip2": bz2(t), "tar": plain} {
		for n := 0; n < len(b); n += 1 + n%3 {
			_, _, found, err := runFound("a", b[:n], IndexParams{})
			if _, ok := errors.AsType[*diag.Error](err); !ok && (name != "tar" || err != nil || n < len(plain)-blockSize && len(found) == 0) {
				t.Fatalf("%s: the first %d of %d bytes: %v, %v", name, n, len(b), found, err)
			}
		}
	}
}

// TestFilesOfPrograms reads what other programs made, where they are installed.
func TestFilesOfPrograms(t *testing.T) {
	dir := t.TempDir()
	top := filepath.Join(dir, "p-1")
	for _, d := range []string{"empty", "sub"} {
		if err := os.MkdirAll(filepath.Join(top, d), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	for name, body := range map[string]string{"a.c": "int a;\n", "sub/" + strings.Repeat("n", 60) + "é": "x"} {
		if err := os.WriteFile(filepath.Join(top, name), []byte(body), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Symlink("a.c", filepath.Join(top, "l")), os.Link(filepath.Join(top, "a.c"), filepath.Join(top, "hard"))); err != nil {
		t.Skip(err)
	}
	long := strings.Repeat("n", 60)
	const byTar, byZip = "tar --sort=name -cf ", "zip -qry "
	all := "a.c empty/ hard l@a.c sub/" + long + "é"
	for _, c := range []struct{ script, want string }{
		{byTar + "o.tar --format=v7 p-1", all}, {byTar + "o.tar --format=oldgnu p-1", all}, {byTar + "o.tar --format=gnu p-1", all},
		{byTar + "o.tar --format=ustar p-1", all}, {byTar + "o.tar --format=posix p-1", all},
		{byTar + "o.tar -V LABEL p-1", all}, {byTar + "o.tar --format=v7 ./p-1", all}, {byTar + "o.tar p-1/a.c p-1/a.c p-1/l", ""},
		{byTar + "o.tar.gz -z p-1", all}, {byTar + "o.tar.xz -J p-1", all}, {byTar + "o.tar.bz2 -j p-1", all}, {byTar + "o.tar.zst --zstd p-1", all},
		{"tar --sort=name -cf - p-1 | zstd -q --ultra -22 --long=27 > o.tar.zst", all},
		{"tar --sort=name --incremental -cf o.tar p-1", "empty/ a.c hard l@a.c sub/" + long + "é"},
		{"truncate -s 1M p-1/z && tar -S --format=gnu -cf o.tar p-1/a.c p-1/z && rm p-1/z", "a.c z!is a sparse file, which is not supported"},
		{"truncate -s 1M p-1/z && tar -S --format=posix -cf o.tar p-1/a.c p-1/z && rm p-1/z", "a.c z!is a sparse file, which is not supported"},
		{byZip + "o.zip p-1/a.c p-1/empty p-1/hard p-1/l p-1/sub", all},
		{byZip + "-0 o.zip p-1/a.c p-1/l", "a.c l@a.c"},
		{"zip -qr - p-1/a.c p-1/hard | cat > o.zip", "a.c hard"},
		{byZip + "-P secret o.zip p-1/a.c", "a.c!is encrypted"},
		{byZip + "-fz- o.zip p-1/a.c", "a.c"},
	} {
		for _, program := range []string{"sh", "tar", strings.Fields(c.script)[0]} {
			if _, err := exec.LookPath(program); err != nil {
				t.Skipf("%s is not installed", program)
			}
		}
		out := strings.TrimRight(c.script[strings.Index(c.script, "o."):], " ")
		out, _, _ = strings.Cut(out, " ")
		file := filepath.Join(dir, out)
		os.Remove(file)
		cmd := exec.Command("sh", "-c", c.script)
		cmd.Dir = dir
		if msg, err := cmd.CombinedOutput(); err != nil {
			t.Logf("%s is not tried: %v: %s", c.script, err, msg) // another version, or no such compressor
			continue
		}
		if c.want == "" { // the second a.c is a hard link to itself
			raw, _ := os.ReadFile(file)
			if x, _, found, err := runFound(out, raw, IndexParams{}); err != nil || len(found) != 1 || x.Files() != 1 {
				t.Errorf("%s: %v %v", c.script, found, err)
			}
			continue
		}
		t.Run(c.script, func(t *testing.T) { checkFile(t, file, c.want) })
	}
}

// FuzzGzip: what package gzip reads is read here, to the same bytes.
func FuzzGzip(f *testing.F) {
	plain := makeTar(f, file("top/f", "words"))
	f.Add(gz(f, plain))
	f.Add(gzHeader(f, plain, "e", "n", "c", true, 0))
	f.Add(join(gz(f, plain), gz(f, nil), make([]byte, 9)))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := newDecoder("a", bytes.NewReader(b), 1<<20, 1000)
		var ours []byte
		if err == nil {
			ours, err = readAll(d)
		}
		if _, ok := errors.AsType[*diag.Error](err); err != nil && !ok {
			t.Fatalf("no diagnostic: %v", err)
		}
		z, theirErr := gzip.NewReader(bytes.NewReader(b))
		if theirErr != nil {
			return
		}
		theirs, theirErr := readAll(z)
		if theirErr == nil && len(theirs) <= 1<<20 && (err != nil || !bytes.Equal(ours, theirs)) {
			t.Fatalf("%v: %q, package gzip has %q", err, ours, theirs)
		}
	})
}
