package archive

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/rules/archive/xz"
)

const (
	// xz -9 asks for a dictionary of 64 MiB; nobody publishes sources that need more.
	maxDictionary = 64 << 20

	// zstd --ultra -22 has a window of 128 MiB.
	maxWindow = 128 << 20

	// Small archives may decompress to anything: only what is large in itself is a bomb.
	ratioFrom = 64 << 20
)

var errTrailing = errors.New("data after the last compressed stream")

// decoder reads the uncompressed tar stream of an archive and keeps to the bounds. Its errors
// are diagnostics, except io.EOF and those of the archive's own reader.
type decoder struct {
	pos      string // the archive, in messages
	kind     format
	name     string // of the compression, in messages; "" when there is none
	padding  *int64 // zeros behind the last compressed stream, where the format has none
	in       source
	out      io.Reader
	written  int64
	maxBytes int64
	maxRatio int64
	err      error
	close    func()
}

// trust is the way around a bound: no bound holds for a folder.
var trust = []string{"if the archive is to be trusted, unpack it and build with --override=LABEL=FOLDER, LABEL being its source_tree"}

// source counts the compressed bytes that were read.
type source struct {
	r    io.Reader
	read int64
	err  error // other than io.EOF
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.read += int64(n)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// newDecoder looks at the first bytes of r. The bounds are the most bytes that may come out, and
// how many times the bytes that went in.
func newDecoder(pos string, r io.Reader, maxBytes, maxRatio int64) (*decoder, error) {
	d := &decoder{pos: pos, in: source{r: r}, maxBytes: maxBytes, maxRatio: maxRatio}
	buffered := bufio.NewReaderSize(&d.in, 64<<10)
	head, err := buffered.Peek(512)
	if err != nil && err != io.EOF {
		return nil, d.translate(err)
	}
	kind, err := detect(head)
	if err != nil {
		return nil, &diag.Error{Pos: diag.File(pos), Msg: err.Error()}
	}
	d.kind = kind
	switch kind {
	case formatXZ:
		d.name = "xz"
		d.out = xz.NewReader(buffered, maxDictionary)
	case formatGzip:
		d.name = "gzip"
		g, err := newGzipReader(buffered)
		if err != nil {
			return nil, d.translate(err)
		}
		d.out, d.padding = g, &g.padding
	case formatBzip2:
		d.name = "bzip2"
		b := newBzip2Reader(buffered)
		d.out, d.padding = b, &b.padding
	case formatZstd:
		d.name = "zstd"
		z, err := zstd.NewReader(buffered, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, d.translate(err)
		}
		d.out = z
		d.close = z.Close
	default:
		d.out = buffered
	}
	return d, nil
}

// Close releases what decoding holds.
func (d *decoder) Close() {
	if d.close != nil {
		d.close()
	}
}

// Read implements io.Reader.
func (d *decoder) Read(p []byte) (int, error) {
	if d.err != nil {
		return 0, d.err
	}
	n, err := d.out.Read(p)
	d.written += int64(n)
	switch {
	case d.written > d.maxBytes:
		d.err = &diag.Error{
			Pos:   diag.File(d.pos),
			Msg:   fmt.Sprintf("decompresses to more than the %d bytes that are allowed", d.maxBytes),
			Hints: trust,
		}
	case d.name != "" && d.written > ratioFrom && d.written/d.maxRatio > d.in.read:
		d.err = &diag.Error{
			Pos:   diag.File(d.pos),
			Msg:   fmt.Sprintf("decompresses to more than %d times its size, as a decompression bomb does", d.maxRatio),
			Hints: trust,
		}
	case err != nil:
		d.err = d.translate(err)
	default:
		return n, nil
	}
	if d.err != io.EOF {
		n = 0
	}
	return n, d.err
}

// translate turns an error of a decompressor into what the user needs to know.
func (d *decoder) translate(err error) error {
	if err == io.EOF && d.out != nil {
		if d.name == "zstd" && d.written == 0 { // package zstd takes a stream that is cut in its magic for an empty one
			err = io.ErrUnexpectedEOF
		} else {
			return io.EOF
		}
	}
	if d.in.err != nil {
		return d.in.err
	}
	fail := func(format string, args ...any) error {
		return &diag.Error{Pos: diag.File(d.pos), Msg: fmt.Sprintf(format, args...), Err: err}
	}
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), err == io.EOF:
		return fail("is truncated: the %s stream ends after %d bytes, too early", d.name, d.in.read)
	case err == errTrailing, err == xz.ErrTrailing, errors.Is(err, zstd.ErrMagicMismatch) && d.written > 0:
		return fail("has trailing data after its %s stream", d.name)
	case err == errGzipHeader:
		return fail("is corrupt: the header of its %s stream is damaged", d.name)
	case err == errGzipChecksum, err == xz.ErrChecksum, errors.Is(err, zstd.ErrCRCMismatch):
		return fail("is corrupt: a checksum of its %s stream does not match", d.name)
	case errors.Is(err, xz.ErrDictionary):
		return fail("needs an xz dictionary of more than %d MiB", maxDictionary>>20)
	case errors.Is(err, zstd.ErrWindowSizeExceeded):
		return fail("needs a zstd window of more than %d MiB", maxWindow>>20)
	case errors.Is(err, zstd.ErrUnknownDictionary):
		return fail("needs a zstd dictionary, which no archive brings along")
	case err == xz.ErrUnsupported:
		return fail("uses an xz filter or check that is not supported, expected LZMA2 with CRC-32, CRC-64, SHA-256 or none")
	}
	return fail("is corrupt: its %s stream is damaged", d.name)
}
