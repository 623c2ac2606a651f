package rootfs

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/sbomctl/sbomctl/engine/oci"
)

// stream is the unpacked bytes of a layer. One goroutine reads and decompresses, another hashes, and whoever calls Read is the third:
// chunks go round between them.
type stream struct {
	what   string
	diffID v1.Hash
	limits Limits
	free   chan []byte   // chunks to fill
	filled chan chunk    // to be hashed
	hashed chan chunk    // to be read
	stop   chan struct{} // closed when nobody reads any more
	cancel context.CancelFunc
	done   sync.WaitGroup

	rest  []byte // of the chunk that is read
	last  chunk
	total int64 // bytes that were read
}

// chunk is a piece of the layer, or the end of it.
type chunk struct {
	data []byte
	err  error // io.EOF when all of it was read, and its bytes are what they should be
}

const (
	chunkSize = 256 << 10
	chunks    = 8
)

// maxWindow is how far back zstd may refer: what "zstd --long" needs, and what the decoder has to keep.
const maxWindow = 128 << 20

// openStream starts to read a layer. left is how many unpacked bytes it may have.
func openStream(ctx context.Context, src oci.Source, img *image, layer int, limits Limits, left int64) (*stream, error) {
	d := img.layers[layer]
	what := fmt.Sprintf("layer %s of the image %s", d.Digest, img.manifest)
	want, known := compressions[d.MediaType]
	if !known {
		return nil, &oci.Error{Kind: oci.MediaType, What: what, Msg: fmt.Sprintf("is no layer that can be unpacked, but %.100q", d.MediaType)}
	}
	if err := oci.CheckDigest("diff_id of the "+what, img.diffIDs[layer]); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	s := &stream{
		what: what, diffID: img.diffIDs[layer], limits: limits, cancel: cancel,
		free: make(chan []byte, chunks), filled: make(chan chunk, chunks), hashed: make(chan chunk, chunks), stop: make(chan struct{}),
	}
	for range chunks {
		s.free <- nil
	}
	s.done.Go(func() { s.unpack(ctx, src, d, want, left) })
	s.done.Go(s.hash)
	return s, nil
}

// Read returns the unpacked bytes. io.EOF says that the layer was read to its end, and that both of its digests are right.
func (s *stream) Read(p []byte) (int, error) {
	for len(s.rest) == 0 {
		if s.last.err != nil {
			return 0, s.last.err
		}
		if s.last.data != nil {
			s.free <- s.last.data[:chunkSize] // never waits: it has room for all chunks
		}
		s.last = <-s.hashed
		s.rest = s.last.data
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	s.total += int64(n)
	return n, nil
}

// Close ends what reads ahead. It is the last call.
func (s *stream) Close() {
	close(s.stop)
	s.cancel()
	s.done.Wait()
}

func (s *stream) hash() {
	defer close(s.hashed)
	sum := sha256.New()
	for c := range s.filled {
		sum.Write(c.data)
		if c.err == io.EOF {
			if got := (v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum.Sum(nil))}); got != s.diffID {
				c.err = &oci.Error{Kind: oci.Mismatch, What: s.what, Msg: fmt.Sprintf("unpacks to bytes with the digest %s, and the image's config says %s", got, s.diffID)}
			}
		}
		s.hashed <- c // never waits
	}
}

// unpack fills chunks until the layer ends or nobody wants more.
func (s *stream) unpack(ctx context.Context, src oci.Source, d v1.Descriptor, want compression, left int64) {
	defer close(s.filled)
	blob, err := src.Blob(ctx, d)
	if err != nil {
		s.filled <- chunk{err: err}
		return
	}
	defer blob.Close()
	packed := &meter{r: blob}
	in := bufio.NewReaderSize(packed, 128<<10)
	plainBytes, err := decompress(in, want)
	if err != nil {
		s.filled <- chunk{err: s.cause(err, in, packed)}
		return
	}
	defer plainBytes.Close()
	total := int64(0)
	for {
		var buf []byte
		select {
		case buf = <-s.free:
		case <-s.stop:
			return
		}
		if buf == nil { // small layers need one
			buf = make([]byte, chunkSize)
		}
		n, err := io.ReadFull(plainBytes, buf)
		if err == io.ErrUnexpectedEOF && !plainBytes.truncated { // the last chunk is a short one
			err = io.EOF
		}
		total += int64(n)
		switch {
		case total > left:
			err = s.tooLarge("the layers of the image have more than %d bytes together", s.limits.Bytes)
		case total > s.limits.Free && total/s.limits.Ratio > packed.n:
			err = s.tooLarge("it unpacks to more than %d times its size", s.limits.Ratio)
		case err == io.EOF:
			if _, err = io.Copy(io.Discard, in); err == nil { // to the end, at which the Source says whether the bytes were right
				err = io.EOF
			}
		case err != nil:
			err = s.cause(err, in, packed)
		}
		s.filled <- chunk{buf[:n], err}
		if err != nil {
			return
		}
	}
}

// tooLarge is the error of a bomb.
func (s *stream) tooLarge(format string, limit int64) error {
	return &oci.Error{Kind: oci.Malformed, What: s.what, Msg: "is not unpacked: " + fmt.Sprintf(format, limit) + ", which is the limit"}
}

// cause finds out why a layer could not be decompressed: bytes that are not those of its digest are told as such.
func (s *stream) cause(err error, in io.Reader, packed *meter) error {
	if packed.err == nil {
		io.Copy(io.Discard, in)
	}
	if packed.err != nil && packed.err != io.EOF {
		return packed.err
	}
	var known *oci.Error
	if errors.As(err, &known) {
		return &oci.Error{Kind: known.Kind, What: s.what, Msg: known.Msg, Err: known.Err}
	}
	return &oci.Error{Kind: oci.Malformed, What: s.what, Msg: "cannot be decompressed: " + err.Error(), Err: err}
}

// meter counts what is read and keeps the error at the end.
type meter struct {
	r   io.Reader
	n   int64
	err error
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	m.n += int64(n)
	if err != nil {
		m.err = err
	}
	return n, err
}

// decompressor is a reader that tells its own io.ErrUnexpectedEOF from that of io.ReadFull.
type decompressor struct {
	io.ReadCloser
	truncated bool
}

func (d *decompressor) Read(p []byte) (int, error) {
	n, err := d.ReadCloser.Read(p)
	d.truncated = d.truncated || err == io.ErrUnexpectedEOF
	return n, err
}

// decompress holds the first bytes against how they should be packed.
func decompress(in *bufio.Reader, want compression) (*decompressor, error) {
	head, err := in.Peek(4)
	if err != nil && err != io.EOF {
		return nil, err
	}
	if got := magic(head); got != want {
		return nil, &oci.Error{Kind: oci.MediaType, Msg: fmt.Sprintf("is %s by its media type, and %s by its first bytes", want, got)}
	}
	switch want {
	case gzipped:
		r, err := gzip.NewReader(in)
		return &decompressor{ReadCloser: r}, err
	case zstandard:
		// No goroutines of its own: they gain nothing beside ours.
		r, err := zstd.NewReader(in, zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, err
		}
		return &decompressor{ReadCloser: r.IOReadCloser()}, nil
	}
	return &decompressor{ReadCloser: io.NopCloser(in)}, nil
}
