//go:build !unix

package eval

import (
	"io"
	"os"
)

// readMapped returns the first size bytes of f.
func readMapped(f *os.File, size int64) ([]byte, error) {
	b := make([]byte, size)
	_, err := io.ReadFull(f, b)
	return b, err
}
