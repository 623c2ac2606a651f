//go:build unix

package files

import "golang.org/x/sys/unix"

// listFlags open a directory to list it, and nothing else: not what a link leads to, not a FIFO.
const listFlags = unix.O_DIRECTORY | unix.O_NOFOLLOW
