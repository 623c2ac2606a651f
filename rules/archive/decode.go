package archive

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/rules/archive/xz"
)

// format is what an archive's first bytes say it is.
type format int

const (
	formatTar format = iota
	formatGzip
	formatXZ
)

const (
	magicXZ   = "\xfd7zXZ\x00"
	magicGzip = "\x1f\x8b"

	// xz -9 asks for a dictionary of 64 MiB; nobody publishes sources that need more.
	maxDictionary = 64 << 20

	// Small archives may decompress to anything: only what is large in itself is a bomb.
	ratioFrom = 64 << 20
)

// foreign names the kinds of files that people take for a source archive.
var foreign = []struct{ magic, name string }{
	{"PK\x03\x04", "a zip archive"},
	{"PK\x05\x06", "an empty zip archive"},
	{"BZh", "a bzip2 archive"},
	{"\x28\xb5\x2f\xfd", "a zstd archive"},
	{"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"},
	{"<", "an HTML or XML document"},
}

// detect says what the file is that begins with head (its first 512 bytes, or all of it).
func detect(head []byte) (format, error) {
	switch {
	case len(head) == 0:
		return 0, errors.New("is empty, expected a .tar.xz, .tar.gz or .tar archive")
	case bytes.HasPrefix(head, []byte(magicXZ)):
		return formatXZ, nil
	case bytes.HasPrefix(head, []byte(magicGzip)):
		return formatGzip, nil
	case len(head) >= 262 && string(head[257:262]) == "ustar":
		return formatTar, nil
	}
	for _, f := range foreign {
		if bytes.HasPrefix(head, []byte(f.magic)) {
			return 0, fmt.Errorf("is %s, expected a .tar.xz, .tar.gz or .tar archive", f.name)
		}
	}
	return 0, errors.New("is no .tar.xz, .tar.gz or .tar archive")
}

// decoder reads the uncompressed tar stream of an archive and keeps to the bounds. Its errors
// are diagnostics, except io.EOF and those of the archive's own reader.
type decoder struct {
	pos      string // the archive, in messages
	name     string // of the compression, in messages; "" when there is none
	in       source
	out      io.Reader
	written  int64
	maxBytes int64
	maxRatio int64
	err      error
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
	switch kind {
	case formatXZ:
		d.name = "xz"
		d.out = xz.NewReader(buffered, maxDictionary)
	case formatGzip:
		d.name = "gzip"
		d.out, err = newGzipReader(buffered)
	default:
		d.out = buffered
	}
	if err != nil {
		return nil, d.translate(err)
	}
	return d, nil
}

// gzipReader reads gzip streams one after another. Package gzip could do so itself, but it
// does not tell what follows the last one from a damaged header.
type gzipReader struct {
	in *bufio.Reader
	z  *gzip.Reader
}

var errTrailing = errors.New("data after the last gzip stream")

func newGzipReader(in *bufio.Reader) (io.Reader, error) {
	z, err := gzip.NewReader(in)
	if err != nil {
		return nil, err
	}
	z.Multistream(false)
	return &gzipReader{in, z}, nil
}

func (g *gzipReader) Read(p []byte) (int, error) {
	n, err := g.z.Read(p)
	if err != io.EOF {
		return n, err
	}
	switch next, err := g.in.Peek(len(magicGzip)); {
	case len(next) == 0:
		return n, err
	case string(next) != magicGzip:
		return n, errTrailing
	}
	if err := g.z.Reset(g.in); err != nil {
		return n, noEOF(err)
	}
	g.z.Multistream(false)
	return n, nil
}

func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
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
		return io.EOF
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
	case err == errTrailing, err == xz.ErrTrailing:
		return fail("has trailing data after its %s stream", d.name)
	case err == gzip.ErrHeader:
		return fail("is corrupt: the header of its %s stream is damaged", d.name)
	case err == gzip.ErrChecksum, err == xz.ErrChecksum:
		return fail("is corrupt: a checksum of its %s stream does not match", d.name)
	case errors.Is(err, xz.ErrDictionary):
		return fail("needs an xz dictionary of more than %d MiB", maxDictionary>>20)
	case err == xz.ErrUnsupported:
		return fail("uses an xz filter or check that is not supported, expected LZMA2 with CRC-32, CRC-64, SHA-256 or none")
	}
	return fail("is corrupt: its %s stream is damaged", d.name)
}
