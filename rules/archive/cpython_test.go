package archive

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/klauspost/compress/gzip"

	"github.com/sbomctl/sbomctl/engine/action/actiontest"
	"github.com/sbomctl/sbomctl/engine/files"
	"github.com/sbomctl/sbomctl/rules/archive/xz"
)

const cpythonName = "Python-3.13.5.tar.xz"

func cpython(t testing.TB) []byte {
	t.Helper()
	dir := os.Getenv("SBOMCTL_DISTDIR")
	if dir == "" {
		t.Skip("SBOMCTL_DISTDIR does not say where " + cpythonName + " lies")
	}
	b, err := os.ReadFile(filepath.Join(dir, cpythonName))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestCPython compares every checksum of the real source archive with upstream's SBOM of it.
func TestCPython(t *testing.T) {
	archive := cpython(t)
	golden, err := os.ReadFile("../../testdata/golden/" + cpythonName + ".spdx.json")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Files []struct {
			FileName  string
			Checksums []struct{ Algorithm, ChecksumValue string }
		}
	}
	if err := json.Unmarshal(golden, &doc); err != nil {
		t.Fatal(err)
	}
	x, data, err := runOn(cpythonName, archive, IndexParams{})
	if err != nil {
		t.Fatal(err)
	}
	checkMembers(t, x, data)
	if x.Prefix() != "Python-3.13.5" || x.Len() != 4808 || len(doc.Files) != 4808 {
		t.Fatalf("%d files below %q, the SBOM has %d", x.Len(), x.Prefix(), len(doc.Files))
	}
	for _, f := range doc.Files {
		e, ok := x.Lookup(f.FileName)
		if !ok {
			t.Errorf("%s is not in the index", f.FileName)
			continue
		}
		for _, c := range f.Checksums {
			got := e.Digest.Hex()
			if c.Algorithm == "SHA1" {
				got = hex.EncodeToString(files.Part(e.Facet, 0)[:sha1.Size])
			}
			if got != c.ChecksumValue {
				t.Errorf("%s: %s is %s, the SBOM says %s", f.FileName, c.Algorithm, got, c.ChecksumValue)
			}
		}
	}
}

// BenchmarkCPython compares the bare decoder with the whole operation.
func BenchmarkCPython(b *testing.B) {
	archive := cpython(b)
	plain, err := io.ReadAll(xz.NewReader(bytes.NewReader(archive), maxDictionary))
	if err != nil {
		b.Fatal(err)
	}
	var tgz bytes.Buffer
	w, _ := gzip.NewWriterLevel(&tgz, gzipLevel)
	w.Write(plain)
	w.Close()
	for _, a := range []struct {
		name    string
		archive []byte
	}{{"xz", archive}, {"gzip", tgz.Bytes()}, {"tar", plain}} {
		b.Run(a.name+"/decode", func(b *testing.B) {
			b.SetBytes(int64(len(plain)))
			buf := make([]byte, bufferSize)
			for b.Loop() {
				d, err := newDecoder("a", bytes.NewReader(a.archive), defaultMaxBytes, defaultMaxRatio)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, d, buf); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(a.name+"/index", func(b *testing.B) {
			b.SetBytes(int64(len(plain)))
			b.ReportAllocs()
			for b.Loop() {
				c := actiontest.New(IndexParams{}).Add("archive", "a", a.archive)
				c.Discard = "data"
				if err := runIndex(context.Background(), c); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
