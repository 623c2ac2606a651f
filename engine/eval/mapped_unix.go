//go:build unix

package eval

import (
	"os"

	"golang.org/x/sys/unix"
)

// readMapped returns the first size bytes of f without copying them. They stay valid when f is
// closed, replaced or appended to; the workspace's lock keeps others from truncating it.
func readMapped(f *os.File, size int64) ([]byte, error) {
	if size == 0 {
		return nil, nil
	}
	return unix.Mmap(int(f.Fd()), 0, int(size), unix.PROT_READ, unix.MAP_SHARED|populate)
}
