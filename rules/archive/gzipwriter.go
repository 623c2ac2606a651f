package archive

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/flate"
)

// The compressor's settings. Its bytes also depend on the version of its module: when that is upgraded TestPackGolden fails, and
// the operation's version is to be raised with it.
const (
	gzipLevel  = 9
	gzipPart   = 1 << 20
	gzipWindow = 32 << 10
)

// gzipWriter writes one gzip stream, parts of which are compressed at the same time. Each may repeat what lies before it, as in a
// stream that is compressed in one go; where one begins depends on the data only. (pgzip does so too, but cannot be given up.)
type gzipWriter struct {
	out     io.Writer
	workers int
	doing   []chan []byte // parts in their order
	before  []byte        // the end of the part before
	part    []byte
	crc     uint32
	size    uint32
	err     error
}

func newGzipWriter(w io.Writer, workers int) *gzipWriter {
	z := &gzipWriter{out: w, workers: workers}
	z.write([]byte(magicGzip + "\x08\x00\x00\x00\x00\x00\x02\xff")) // neither name nor time; compressed as well as can be; no system
	return z
}

// Write implements io.Writer.
func (z *gzipWriter) Write(p []byte) (int, error) {
	z.crc = crc32.Update(z.crc, crc32.IEEETable, p)
	z.size += uint32(len(p))
	n := 0
	for len(p) > 0 && z.err == nil {
		if z.part == nil {
			z.part = make([]byte, 0, gzipPart)
		}
		some := p[:min(len(p), gzipPart-len(z.part))]
		z.part = append(z.part, some...)
		n, p = n+len(some), p[len(some):]
		if len(z.part) == gzipPart {
			z.start(false)
		}
	}
	return n, z.err
}

// Close writes what is left, and the end of the stream.
func (z *gzipWriter) Close() error {
	z.start(true)
	for len(z.doing) > 0 {
		z.finish()
	}
	end := binary.LittleEndian.AppendUint32(nil, z.crc)
	z.write(binary.LittleEndian.AppendUint32(end, z.size))
	return z.err
}

// start has the part compressed.
func (z *gzipWriter) start(last bool) {
	if len(z.doing) == z.workers {
		z.finish()
	}
	before, part, done := z.before, z.part, make(chan []byte, 1)
	z.before, z.part = part[max(0, len(part)-gzipWindow):], nil
	z.doing = append(z.doing, done)
	go func() { done <- deflate(before, part, last) }()
}

// deflate compresses a part, so that another may follow unless it is the last.
func deflate(before, part []byte, last bool) []byte {
	out := bytes.NewBuffer(make([]byte, 0, len(part)/3))
	z, err := flate.NewWriterDict(out, gzipLevel, before)
	if err != nil {
		panic(err) // the level is wrong
	}
	z.Write(part) // to memory
	if last {
		z.Close()
	} else {
		z.Flush()
	}
	return out.Bytes()
}

// finish writes the first part that is worked at.
func (z *gzipWriter) finish() {
	b := <-z.doing[0]
	z.doing = z.doing[1:]
	z.write(b)
}

func (z *gzipWriter) write(b []byte) {
	if z.err == nil {
		_, z.err = z.out.Write(b)
	}
}
