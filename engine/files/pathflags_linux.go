package files

import "golang.org/x/sys/unix"

// pathFlags open a directory as a place to start from; it need not be readable.
const pathFlags = unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC
