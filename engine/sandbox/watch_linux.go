package sandbox

import (
	"bytes"
	"errors"
	"io/fs"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// How often a sandbox is looked at: at first, at the least, and so seldom that looking takes no more than
// a twentieth of the time.
const (
	firstLook = 5 * time.Millisecond
	longest   = 200 * time.Millisecond
	share     = 20
)

// minEntry is what a file counts for at least, so that a flood of empty ones is bounded, too.
const minEntry = 4096

// watcher looks at limits that the kernel does not keep.
type watcher struct {
	over chan Reason // gets the limit that is exceeded
	quit chan struct{}
	once sync.Once
	done sync.WaitGroup
}

// watch starts to look at s.
func (s *sandbox) watch() *watcher {
	w := &watcher{over: make(chan Reason, 1), quit: make(chan struct{})}
	if s.gate == nil {
		return w
	}
	w.done.Add(1)
	go func() {
		defer w.done.Done()
		for pause := firstLook; ; {
			select {
			case <-w.quit:
				return
			case <-time.After(pause):
			}
			start := time.Now()
			if reason := s.look(); reason != NotKilled {
				w.over <- reason
				return
			}
			pause = max(min(2*pause, longest), share*time.Since(start))
		}
	}()
	return w
}

// stop waits until nobody looks any more.
func (w *watcher) stop() {
	w.once.Do(func() { close(w.quit) })
	w.done.Wait()
}

// look returns the limit that is exceeded now.
func (s *sandbox) look() Reason {
	l := s.process.Limits
	if l.Processes > 0 || l.Memory > 0 {
		processes, memory := s.gate.usage(l.Memory > 0)
		switch {
		case l.Processes > 0 && processes > l.Processes:
			return TooMany
		case l.Memory > 0 && memory > l.Memory:
			return TooMuchMemory
		}
	}
	if l.Disk > 0 && s.onDisk(l.Disk) > l.Disk {
		return TooMuchOnDisk
	}
	return NotKilled
}

// usage returns how many processes there are, and how much memory they have to themselves.
func (g *gate) usage(memory bool) (processes int, resident int64) {
	if _, err := unix.Seek(g.proc, 0, 0); err != nil {
		return 0, 0
	}
	buf := make([]byte, 1<<16)
	for {
		n, err := unix.ReadDirent(g.proc, buf)
		if err != nil || n <= 0 {
			return processes, resident
		}
		_, _, names := unix.ParseDirent(buf[:n], -1, nil)
		for _, name := range names {
			// 1 is bubblewrap.
			if pid, err := strconv.Atoi(name); err == nil && pid > 1 {
				processes++
				if memory {
					resident += residentOf(g.proc, name)
				}
			}
		}
	}
}

// residentOf returns how much memory a process has that is no file's.
func residentOf(proc int, pid string) int64 {
	fd, err := unix.Openat(proc, pid+"/statm", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0 // it has ended
	}
	defer unix.Close(fd)
	buf := make([]byte, 256)
	n, err := unix.Read(fd, buf)
	if err != nil {
		return 0
	}
	fields := bytes.Fields(buf[:n])
	if len(fields) < 3 {
		return 0
	}
	all, _ := strconv.ParseInt(string(fields[1]), 10, 64)
	files, _ := strconv.ParseInt(string(fields[2]), 10, 64)
	return (all - files) * int64(unix.Getpagesize())
}

// onDisk returns how much lies in the writable mounts and the tmpfs, or something above limit as soon as that is clear.
// What the command hides from the caller, in a folder that the caller may not read, is not counted.
func (s *sandbox) onDisk(limit int64) int64 {
	var total int64
	for _, f := range s.gate.tmpfs {
		var st unix.Statfs_t
		if unix.Fstatfs(f.fd, &st) == nil {
			total += max(int64(st.Blocks-st.Bfree)*st.Bsize, int64(st.Files-st.Ffree)*minEntry)
		}
	}
	for _, m := range s.process.Mounts {
		if !m.Writable {
			continue
		}
		filepath.WalkDir(m.Source, func(_ string, d fs.DirEntry, err error) error {
			if errors.Is(err, unix.ENAMETOOLONG) {
				total = limit + 1 // folders in folders, deeper than anybody can name
			}
			if d == nil {
				return nil
			}
			size := int64(minEntry)
			if info, err := d.Info(); err == nil {
				if st, ok := info.Sys().(*syscall.Stat_t); ok {
					size = max(size, st.Blocks*512)
				}
			} else if errors.Is(err, unix.ENAMETOOLONG) {
				total = limit + 1
			}
			if total += size; total > limit {
				return filepath.SkipAll
			}
			return nil
		})
	}
	return total
}
