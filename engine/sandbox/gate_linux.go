package sandbox

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// gate holds bubblewrap up when all is mounted and the command is yet to be started, so that what is mounted can be
// reached: to put files there, and to watch it. Bubblewrap reads a file from a pipe then, to the pipe's end. The pipe
// is full beforehand, so that writing to it goes on when bubblewrap has arrived.
type gate struct {
	r, w *os.File
	page []byte
	plan *plan

	root  int      // what will be the root folder of the command; -1 before it is known
	proc  int      // the sandbox's own /proc; -1 before it is known
	tmpfs []folder // each tmpfs, /dev/shm but
}

// folder is a folder in the sandbox that is held open, so that it is there as long as we want it.
type folder struct {
	target string
	fd     int
}

// path is how the caller reaches it.
func (f folder) path() string { return fmt.Sprintf("/proc/self/fd/%d", f.fd) }

// gated reports whether something has to be done in the sandbox, or watched there.
func (p *Process) gated() bool {
	l := p.Limits
	return l.Memory > 0 || l.Processes > 0 || l.Disk > 0 ||
		slices.ContainsFunc(p.Tmpfs, func(t Tmpfs) bool { return t.Fill != nil || t.Collect != nil })
}

func newGate() (*gate, error) {
	g := &gate{root: -1, proc: -1}
	var err error
	if g.r, g.w, err = os.Pipe(); err != nil {
		return nil, systemError("a pipe", err)
	}
	conn, err := g.w.SyscallConn()
	if err != nil {
		return nil, systemError("a pipe", err)
	}
	size := 0
	if cerr := conn.Control(func(fd uintptr) { size, err = unix.FcntlInt(fd, unix.F_SETPIPE_SZ, os.Getpagesize()) }); cerr != nil || err != nil {
		return nil, systemError("a pipe", err)
	}
	g.page = make([]byte, size)
	if _, err := g.w.Write(g.page); err != nil {
		return nil, systemError("a pipe", err)
	}
	return g, nil
}

// arrive waits until bubblewrap is at the gate. An error means that it ended before.
func (g *gate) arrive() error {
	_, err := g.w.Write(g.page)
	return err
}

// pass does what is to be done in the sandbox, and lets bubblewrap go on.
func (g *gate) pass(ctx context.Context, s *sandbox) error {
	root, err := unix.Open(fmt.Sprintf("/proc/%d/root", s.init), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return systemError("its root folder", err)
	}
	defer unix.Close(root)
	if g.root, err = walk(root, "newroot"); err != nil { // where bubblewrap puts it together
		return systemError("its root folder", err)
	}
	if g.proc, err = walk(g.root, "proc"); err != nil {
		return systemError("its /proc", err)
	}
	for _, pt := range g.plan.points {
		if pt.source == "" && !pt.fixed {
			fd, err := walk(g.root, pt.path)
			if err != nil {
				return systemError("its "+pt.target, err)
			}
			g.tmpfs = append(g.tmpfs, folder{pt.target, fd})
		}
	}
	if err := g.fill(ctx, s); err != nil {
		return err
	}
	if err := g.w.Close(); err != nil {
		return systemError("a pipe", err)
	}
	return nil
}

// fill calls what fills a tmpfs. When the caller is killed meanwhile, the pipe ends, and bubblewrap would go on: so it gets
// no memory until that is done, and no program can be loaded.
func (g *gate) fill(ctx context.Context, s *sandbox) error {
	var limit unix.Rlimit
	if err := unix.Prlimit(s.init, unix.RLIMIT_AS, nil, &limit); err != nil {
		return systemError("its limits", err)
	}
	if err := unix.Prlimit(s.init, unix.RLIMIT_AS, &unix.Rlimit{Cur: 0, Max: limit.Max}, nil); err != nil {
		return systemError("its limits", err)
	}
	for _, t := range s.process.Tmpfs {
		if t.Fill == nil {
			continue
		}
		if err := t.Fill(g.folder(t.Target).path()); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	if err := unix.Prlimit(s.init, unix.RLIMIT_AS, &limit, nil); err != nil {
		return systemError("its limits", err)
	}
	return nil
}

// collect calls what takes files out of a tmpfs.
func (g *gate) collect(tmpfs []Tmpfs) error {
	for _, t := range tmpfs {
		if t.Collect == nil {
			continue
		}
		if err := t.Collect(g.folder(t.Target).path()); err != nil {
			return err
		}
	}
	return nil
}

func (g *gate) folder(target string) folder {
	return g.tmpfs[slices.IndexFunc(g.tmpfs, func(f folder) bool { return f.target == target })]
}

func (g *gate) close() {
	g.r.Close()
	g.w.Close()
	for _, fd := range []int{g.root, g.proc} {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
	for _, f := range g.tmpfs {
		unix.Close(f.fd)
	}
}

// walk opens the folder at a path below dir, and follows no link.
func walk(dir int, path string) (int, error) {
	fd, err := unix.Openat(dir, ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	for _, name := range strings.Split(strings.Trim(path, "/"), "/") {
		if err != nil {
			return -1, err
		}
		var next int
		next, err = unix.Openat(fd, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		unix.Close(fd)
		fd = next
	}
	return fd, err
}
