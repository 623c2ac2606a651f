package archive

import (
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/ulikunitz/xz"
)

// The compressors' settings. Their bytes also depend on the version of their module: when one is
// upgraded TestPackGolden fails, and the operation's version is to be raised with it.
const gzipLevel = 6

var xzConfig = xz.WriterConfig{DictCap: 8 << 20, BufSize: 4096, CheckSum: xz.CRC64}

// compressor returns the writer of an archive's bytes, whose tar archive is written to it; format is one of PackParams.
func compressor(w io.Writer, format string) (io.WriteCloser, error) {
	if format == "tgz" {
		return gzip.NewWriterLevel(w, gzipLevel) // its header says neither name nor time
	}
	return xzConfig.NewWriter(w)
}
