package rootfs

import (
	"io"
	"io/fs"
	"time"

	"golang.org/x/sys/unix"
)

// disk is the tree on disk. Folders are opened one below the other, never through a link, and those above the last one used stay open:
// layers list folders in order, so that the next one is near.
type disk struct {
	open   []opened // the root first; each is in the one before
	owners bool     // files are given to whom the layers say
	buf    []byte
}

type opened struct {
	n  *node
	fd int
}

func openDisk(path string, root *node, owners bool) (*disk, error) {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, failed("open", root, err)
	}
	return &disk{open: []opened{{root, fd}}, owners: owners, buf: make([]byte, 128<<10)}, nil
}

func (d *disk) close() {
	for _, o := range d.open {
		unix.Close(o.fd)
	}
	d.open = nil
}

// failed makes an error of the system one that package osfile knows.
func failed(op string, n *node, err error) error {
	return &fs.PathError{Op: op, Path: n.path(), Err: err}
}

// at returns an open folder, which stays open until the next call.
func (d *disk) at(n *node) (int, error) {
	above := n
	for above.depth >= len(d.open) || d.open[above.depth].n != above {
		above = above.up
	}
	for _, o := range d.open[above.depth+1:] {
		unix.Close(o.fd)
	}
	d.open = d.open[:above.depth+1]
	if n != above {
		if err := d.descend(n); err != nil {
			return 0, err
		}
	}
	return d.open[len(d.open)-1].fd, nil
}

// descend opens the folders down to n that are not open.
func (d *disk) descend(n *node) error {
	if d.open[len(d.open)-1].n != n.up {
		if err := d.descend(n.up); err != nil {
			return err
		}
	}
	fd, err := openFolder(d.open[len(d.open)-1].fd, n)
	if err == nil {
		d.open = append(d.open, opened{n, fd})
	}
	return err
}

func openFolder(parent int, n *node) (int, error) {
	fd, err := unix.Openat(parent, n.name, unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, failed("open", n, err)
	}
	return fd, nil
}

// make makes a folder that only we may use, until finish.
func (d *disk) make(n *node) error {
	parent, err := d.at(n.up)
	if err != nil {
		return err
	}
	if err := unix.Mkdirat(parent, n.name, 0o700); err != nil {
		return failed("mkdir", n, err)
	}
	return nil
}

// write makes a file with the content that r has.
func (d *disk) write(n *node, a attributes, r io.Reader) error {
	parent, err := d.at(n.up)
	if err != nil {
		return err
	}
	fd, err := unix.Openat(parent, n.name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return failed("create", n, err)
	}
	err = d.fill(fd, n, r)
	if err == nil && d.owners {
		err = unix.Fchown(fd, a.uid, a.gid)
	}
	if err == nil {
		err = unix.Fchmod(fd, a.mode)
	}
	if err == nil {
		err = setTime(parent, n.name, a.mtime)
	}
	if closed := unix.Close(fd); err == nil {
		err = closed
	}
	if errno, ok := err.(unix.Errno); ok {
		return failed("write", n, errno)
	}
	return err
}

// fill copies r into a file. Errors of r are returned as readError.
func (d *disk) fill(fd int, n *node, r io.Reader) error {
	for {
		got, err := r.Read(d.buf)
		for b := d.buf[:got]; len(b) > 0; {
			w, err := unix.Write(fd, b)
			if err != nil && err != unix.EINTR {
				return failed("write", n, err)
			}
			b = b[max(w, 0):]
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return &readError{err}
		}
	}
}

// readError is an error of the layer, not of the disk.
type readError struct{ err error }

func (e *readError) Error() string { return e.err.Error() }
func (e *readError) Unwrap() error { return e.err }

// symlink makes a link.
func (d *disk) symlink(n *node, a attributes) error {
	parent, err := d.at(n.up)
	if err == nil {
		err = unix.Symlinkat(n.target, parent, n.name)
	}
	if err == nil && d.owners {
		err = unix.Fchownat(parent, n.name, a.uid, a.gid, unix.AT_SYMLINK_NOFOLLOW)
	}
	if err == nil {
		err = setTime(parent, n.name, a.mtime)
	}
	if errno, ok := err.(unix.Errno); ok {
		return failed("symlink", n, errno)
	}
	return err
}

// link makes n another name of the file or link to.
func (d *disk) link(n, to *node) error {
	// What at returns is closed by the next call, so that one of the two is opened a second time.
	from, err := d.at(to.up)
	if err != nil {
		return err
	}
	if to.up != n.up {
		if from, err = unix.Dup(from); err != nil {
			return failed("link", n, err)
		}
		defer unix.Close(from)
	}
	parent, err := d.at(n.up)
	if err != nil {
		return err
	}
	if err := unix.Linkat(from, to.name, parent, n.name, 0); err != nil {
		return failed("link", n, err)
	}
	return nil
}

// remove removes n and all that is in it.
func (d *disk) remove(n *node) error {
	parent, err := d.at(n.up)
	if err != nil {
		return err
	}
	return removeAt(parent, n)
}

func removeAt(parent int, n *node) error {
	flags := 0
	switch n.kind {
	case device:
		return nil // it was not made
	case folder:
		fd, err := openFolder(parent, n)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		for _, child := range n.dir.children {
			if err := removeAt(fd, child); err != nil {
				return err
			}
		}
		flags = unix.AT_REMOVEDIR
	}
	if err := unix.Unlinkat(parent, n.name, flags); err != nil {
		return failed("remove", n, err)
	}
	return nil
}

// finish gives all folders their attributes, the inner ones first: those of the outer ones may forbid to enter.
func (d *disk) finish(root *node) error {
	fd, err := d.at(root)
	if err != nil {
		return err
	}
	if err := d.finishContent(fd, root); err != nil {
		return err
	}
	// The root is reached through itself, since what is above it is not of the tree.
	return d.attribute(fd, ".", root)
}

func (d *disk) finishContent(fd int, dir *node) error {
	for _, n := range dir.dir.children {
		if n.kind != folder {
			continue
		}
		if n.hasFolders() {
			below, err := openFolder(fd, n)
			if err != nil {
				return err
			}
			err = d.finishContent(below, n)
			unix.Close(below)
			if err != nil {
				return err
			}
		}
		if err := d.attribute(fd, n.name, n); err != nil {
			return err
		}
	}
	return nil
}

func (n *node) hasFolders() bool {
	for _, child := range n.dir.children {
		if child.kind == folder {
			return true
		}
	}
	return false
}

// attribute writes the attributes of a folder. The mode comes last: it may forbid the rest.
func (d *disk) attribute(parent int, name string, n *node) error {
	a := n.dir.attr
	var err error
	if d.owners {
		err = unix.Fchownat(parent, name, a.uid, a.gid, unix.AT_SYMLINK_NOFOLLOW)
	}
	if err == nil {
		err = setTime(parent, name, a.mtime)
	}
	if err == nil {
		err = unix.Fchmodat(parent, name, a.mode, 0)
	}
	if err != nil {
		return failed("chmod", n, err)
	}
	return nil
}

func setTime(parent int, name string, t time.Time) error {
	ts, err := unix.TimeToTimespec(t)
	if err != nil { // a year that the machine does not know
		ts = unix.Timespec{}
	}
	return unix.UtimesNanoAt(parent, name, []unix.Timespec{ts, ts}, unix.AT_SYMLINK_NOFOLLOW)
}
