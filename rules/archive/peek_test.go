package archive

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// bzip2ed is a tar archive with top/LICENSE.
const bzip2ed = "425a683931415926535937f78cc0000075ff80c98000024000c7800a250a006400de8008082000544143268d007a0314092840d0da800681f3447a104e84210d395835d1ad021c0e26d0141c2377a0c21dc39d9ee7fb33948e7a021932a12b5d5be8888807e2ee48a70a1206fef19800"

func peekBytes(t testing.TB, b []byte) (*Peeked, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(file, b, 0o666); err != nil {
		t.Fatal(err)
	}
	return Peek("x.tar", file, func(p string) bool { return strings.HasSuffix(p, "LICENSE") })
}

func tarOf(t testing.TB, headers ...*tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range headers {
		if h.Typeflag == 0 {
			h.Typeflag, h.Size = tar.TypeReg, 5
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg {
			w.Write([]byte("words"))
		}
	}
	w.Close()
	return b.Bytes()
}

func TestPeek(t *testing.T) {
	bz, err := hex.DecodeString(bzip2ed)
	if err != nil {
		t.Fatal(err)
	}
	var z bytes.Buffer
	zw := zip.NewWriter(&z)
	f, _ := zw.Create("top/LICENSE")
	f.Write([]byte("words"))
	zw.Close()
	for name, c := range map[string]struct {
		archive []byte
		roots   string
		loose   bool
	}{
		"tar":     {tarOf(t, &tar.Header{Name: "top/LICENSE"}), "top", false},
		"dot":     {tarOf(t, &tar.Header{Name: "./top/LICENSE"}), "top", false},
		"bzip2":   {bz, "top", false},
		"zip":     {z.Bytes(), "top", false},
		"no top":  {tarOf(t, &tar.Header{Name: "LICENSE"}, &tar.Header{Name: "a/b"}), "LICENSE a", true},
		"several": {tarOf(t, &tar.Header{Name: "a/LICENSE"}, &tar.Header{Name: "b/x"}), "a b", false},
		// What an index refuses and nobody selects.
		"odd members": {tarOf(t, &tar.Header{Name: "top/gone", Typeflag: tar.TypeSymlink, Linkname: "/nowhere"}, &tar.Header{Name: "top/a\\b"},
			&tar.Header{Name: "top/\xff"}, &tar.Header{Name: "top/dev", Typeflag: tar.TypeChar}, &tar.Header{Name: "top/LICENSE"}), "top", false},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := peekBytes(t, c.archive)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Join(p.Roots, " ") != c.roots || p.Loose != c.loose {
				t.Errorf("roots %q, loose %v", p.Roots, p.Loose)
			}
			if len(p.Files) != 1 || string(p.Files[0].Content) != "words" || !p.Names["LICENSE"] {
				t.Errorf("files %v, names %v", p.Files, p.Names)
			}
		})
	}
}

func TestPeekErrors(t *testing.T) {
	good := tarOf(t, &tar.Header{Name: "top/LICENSE"})
	for name, c := range map[string]struct {
		archive []byte
		message string
		unread  bool
	}{
		"empty":   {nil, "is empty, expected a " + expected + " archive", true},
		"words":   {[]byte("some text"), "is no " + expected + " archive", true},
		"7z":      {[]byte("7z\xbc\xaf\x27\x1c and more"), "is a 7-Zip archive, expected a " + expected + " archive", true},
		"page":    {[]byte("<!DOCTYPE html>"), "is an HTML or XML document, expected a " + expected + " archive", false},
		"cut":     {good[:514], "is truncated: the tar archive ends too early, after or in member \"top/LICENSE\"", false},
		"bzip2":   {[]byte("BZh91AY&SYnonsense and more"), "is truncated: the bzip2 stream ends after 27 bytes, too early", false},
		"zip":     {[]byte("PK\x03\x04nonsense"), "is truncated: the record that ends a zip archive is missing", false},
		"nothing": {tarOf(t), "has no files", false},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := peekBytes(t, c.archive)
			if err == nil || err.Error() != "x.tar: "+c.message || errors.Is(err, ErrUnread) != c.unread {
				t.Errorf("%v (unread %v)", err, errors.Is(err, ErrUnread))
			}
		})
	}
}

// A file that says it is a licence and is too large is told, and not read.
func TestPeekBounds(t *testing.T) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	w.WriteHeader(&tar.Header{Name: "top/LICENSE", Typeflag: tar.TypeReg, Size: maxPeekFile + 1, Mode: 0o644})
	w.Write(make([]byte, maxPeekFile+1))
	for range maxPeekFiles + 1 {
		w.WriteHeader(&tar.Header{Name: "top/a/LICENSE", Typeflag: tar.TypeReg, Mode: 0o644})
	}
	w.Close()
	p, err := peekBytes(t, b.Bytes())
	if err != nil || len(p.Files) != maxPeekFiles || !slices.Equal(p.Skipped, []string{"top/LICENSE", "top/a/LICENSE"}) {
		t.Errorf("%v: %d files, skipped %q", err, len(p.Files), p.Skipped)
	}
}

func FuzzPeek(f *testing.F) {
	bz, _ := hex.DecodeString(bzip2ed)
	f.Add(bz)
	f.Add(tarOf(f, &tar.Header{Name: "top/LICENSE"}))
	f.Add([]byte("PK\x05\x06"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if p, err := peekBytes(t, b); err == nil && (p.Members == 0 || len(p.Files) > maxPeekFiles) {
			t.Errorf("%+v", p)
		}
	})
}
