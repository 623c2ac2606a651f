package archive

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
)

// A stream is the same however it is written and by how many, and is one that others read.
func TestGzipWriter(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, n := range []int{0, 1, gzipPart - 1, gzipPart, gzipPart + 1, 3*gzipPart + 777} {
		data := make([]byte, n)
		for i := range data {
			data[i] = "etaoin\n"[r.IntN(7)]
		}
		var first []byte
		for _, workers := range []int{1, 2, 7} {
			var out bytes.Buffer
			z := newGzipWriter(&out, workers)
			for rest := data; len(rest) > 0; {
				some := min(len(rest), 1+r.IntN(400_000))
				if k, err := z.Write(rest[:some]); k != some || err != nil {
					t.Fatal(k, err)
				}
				rest = rest[some:]
			}
			if err := z.Close(); err != nil {
				t.Fatal(err)
			}
			if first == nil {
				first = out.Bytes()
			}
			if !bytes.Equal(out.Bytes(), first) {
				t.Errorf("%d bytes: %d workers write another stream", n, workers)
			}
		}
		z, err := gzip.NewReader(bytes.NewReader(first))
		if err != nil {
			t.Fatal(err)
		}
		z.Multistream(false)
		if got, err := io.ReadAll(z); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

type full struct{ left int }

var errFull = errors.New("full")

func (f *full) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestGzipWriterFails(t *testing.T) {
	for _, left := range []int{0, 10, 500_000, 1_400_000} {
		z := newGzipWriter(&full{left}, 2)
		noise := make([]byte, gzipPart+gzipPart/2)
		rand.NewChaCha8([32]byte{}).Read(noise)
		z.Write(noise)
		if err := z.Close(); err != errFull {
			t.Errorf("after %d bytes: %v", left, err)
		}
	}
}
