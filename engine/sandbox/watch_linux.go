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
// a twentieth of the time. Processes are quick to count, and quick to become many.
const (
	firstLook        = 5 * time.Millisecond
	longest          = 200 * time.Millisecond
	longestProcesses = 20 * time.Millisecond
	share            = 20
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
	if s.process.Limits.Processes > 0 {
		w.every(longestProcesses, s.tooMany)
	}
	if s.process.Limits.Memory > 0 || s.process.Limits.Disk > 0 {
		w.every(longest, func() Reason { return s.tooMuch(w.quit) })
	}
	return w
}

// every looks again and again, at most so long apart.
func (w *watcher) every(longest time.Duration, look func() Reason) {
	w.done.Go(func() {
		for pause := firstLook; ; {
			select {
			case <-w.quit:
				return
			case <-time.After(pause):
			}
			start := time.Now()
			if reason := look(); reason != NotKilled {
				select {
				case w.over <- reason:
				default: // another limit was first
				}
				return
			}
			pause = max(min(2*pause, longest), share*time.Since(start))
		}
	})
}

// stop waits until nobody looks any more.
func (w *watcher) stop() {
	w.once.Do(func() { close(w.quit) })
	w.done.Wait()
}

// tooMany looks at the processes.
func (s *sandbox) tooMany() Reason {
	if n := len(s.gate.processes()); n > s.process.Limits.Processes {
		return TooMany
	}
	return NotKilled
}

// tooMuch looks at memory and disk, unless it is to quit.
func (s *sandbox) tooMuch(quit <-chan struct{}) Reason {
	l := s.process.Limits
	tmpfs, entries := s.inTmpfs()
	if l.Memory > 0 {
		memory := tmpfs
		for _, pid := range s.gate.processes() {
			memory += residentOf(s.gate.proc, pid)
		}
		if memory > l.Memory {
			return TooMuchMemory
		}
	}
	if l.Disk > 0 {
		return s.onDisk(max(tmpfs, entries*minEntry), quit)
	}
	return NotKilled
}

// inTmpfs returns how many bytes lie in the tmpfs, and how many files and folders.
func (s *sandbox) inTmpfs() (size, entries int64) {
	for _, f := range s.gate.tmpfs {
		var st unix.Statfs_t
		if unix.Fstatfs(f.fd, &st) == nil {
			size += int64(st.Blocks-st.Bfree) * st.Bsize
			entries += int64(st.Files - st.Ffree)
		}
	}
	return size, entries
}

// processes returns the numbers, inside, of the command and its children.
func (g *gate) processes() (pids []string) {
	proc, err := unix.Openat(g.proc, ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	defer unix.Close(proc)
	buf := make([]byte, 1<<14)
	for {
		n, err := unix.ReadDirent(proc, buf)
		if err != nil || n <= 0 {
			return pids
		}
		_, _, names := unix.ParseDirent(buf[:n], -1, nil)
		for _, name := range names {
			// 1 is bubblewrap.
			if pid, err := strconv.Atoi(name); err == nil && pid > 1 {
				pids = append(pids, name)
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

// onDisk looks at how much lies in the writable mounts, beside so much elsewhere, until it is clear that it is too much.
// What the command hides from the caller, in a folder that the caller may not read, is not counted.
func (s *sandbox) onDisk(total int64, quit <-chan struct{}) Reason {
	deep := false
	for _, m := range s.process.Mounts {
		if !m.Writable {
			continue
		}
		filepath.WalkDir(m.Source, func(_ string, d fs.DirEntry, err error) error {
			var info fs.FileInfo
			if err == nil {
				info, err = d.Info()
			}
			if err == nil {
				total += sizeOnDisk(info)
			}
			deep = deep || errors.Is(err, unix.ENAMETOOLONG)
			if deep || total > s.process.Limits.Disk {
				return filepath.SkipAll
			}
			select {
			case <-quit:
				return filepath.SkipAll
			default:
				return nil
			}
		})
	}
	switch {
	case deep:
		return TooDeep
	case total > s.process.Limits.Disk:
		return TooMuchOnDisk
	}
	return NotKilled
}

func sizeOnDisk(info fs.FileInfo) int64 {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return minEntry
	}
	return max(minEntry, st.Blocks*512)
}
