package archive

import (
	"context"
	"io"
	"runtime"

	"github.com/sbomctl/sbomctl/rules/archive/xz"
)

// maxWorkers is how many parts of an archive are compressed at the same time: each takes memory.
const maxWorkers = 8

// compressor returns the writer of an archive's bytes, whose tar archive is written to it; format is one of PackParams. Both formats
// are compressed well rather than fast: an archive is packed once and downloaded often. When it is not closed, ctx is to be cancelled.
func compressor(ctx context.Context, w io.Writer, format string) (io.WriteCloser, error) {
	workers := min(runtime.GOMAXPROCS(0), maxWorkers)
	if format == "tgz" {
		return newGzipWriter(w, workers), nil
	}
	return xz.NewWriter(ctx, w, workers), nil
}
