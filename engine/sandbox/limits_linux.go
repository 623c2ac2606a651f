package sandbox

import (
	"fmt"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// setLimits sets what the kernel keeps of the limits on the first process of the sandbox, which waits; the command
// inherits it.
func (s *sandbox) setLimits() error {
	l := s.process.Limits
	cpu := uint64((l.CPU + time.Second - 1) / time.Second)
	// The watch counts processes. The kernel counts threads, too, and stops what is faster than the watch: by a limit of
	// the user, which does not hold root, or by a control group, which only root can make.
	tasks := 0
	if l.Processes > 0 {
		tasks = max(4*l.Processes, l.Processes+500)
		s.cgroup = newCgroup(s.init, tasks)
	}
	limits := []struct {
		resource   int
		soft, hard uint64 // 0 is as it is
	}{
		{unix.RLIMIT_CPU, cpu, cpu + 1}, // SIGXCPU, which tells, and SIGKILL a second later
		{unix.RLIMIT_AS, uint64(l.AddressSpace), uint64(l.AddressSpace)},
		{unix.RLIMIT_NOFILE, uint64(l.OpenFiles), uint64(l.OpenFiles)},
		{unix.RLIMIT_FSIZE, uint64(l.FileSize), uint64(l.FileSize)},
		{unix.RLIMIT_NPROC, uint64(tasks), uint64(tasks)},
	}
	for _, r := range limits {
		if r.soft == 0 {
			continue
		}
		if err := lower(s.init, r.resource, r.soft, r.hard); err != nil {
			return systemError("its limits", err)
		}
	}
	if err := unix.Prlimit(s.init, unix.RLIMIT_CORE, &unix.Rlimit{}, nil); err != nil {
		return systemError("its limits", err)
	}
	return s.setProcessors()
}

// lower sets a limit of a process; what is stricter already stays.
func lower(pid, resource int, soft, hard uint64) error {
	var now unix.Rlimit
	if err := unix.Prlimit(pid, resource, nil, &now); err != nil {
		return err
	}
	return unix.Prlimit(pid, resource, &unix.Rlimit{Cur: min(now.Cur, now.Max, soft), Max: min(now.Max, hard)}, nil)
}

// setProcessors keeps the sandbox to the first of the processors that the caller may use.
func (s *sandbox) setProcessors() error {
	want := s.process.CPUs
	if want == 0 {
		return nil
	}
	var have, use unix.CPUSet
	if err := unix.SchedGetaffinity(0, &have); err != nil {
		return systemError("its processors", err)
	}
	for cpu := 0; cpu < len(have)*strconv.IntSize && want > 0; cpu++ {
		if have.IsSet(cpu) {
			use.Set(cpu)
			want--
		}
	}
	if err := unix.SchedSetaffinity(s.init, &use); err != nil {
		return systemError("its processors", err)
	}
	return nil
}

// text is the limit that reason is about.
func (l Limits) text(reason Reason) string {
	switch reason {
	case TooLong:
		return l.Wall.String()
	case TooMuchCPU:
		return l.CPU.String()
	case TooMuchMemory:
		return sizeText(l.Memory)
	case TooMany:
		return strconv.Itoa(l.Processes)
	case TooMuchOnDisk:
		return sizeText(l.Disk)
	case TooLargeAFile:
		return sizeText(l.FileSize)
	}
	return ""
}

func sizeText(n int64) string {
	units := []string{"bytes", "KiB", "MiB", "GiB", "TiB"}
	f, unit := float64(n), 0
	for f >= 1024 && unit < len(units)-1 {
		f, unit = f/1024, unit+1
	}
	if unit == 0 {
		return fmt.Sprintf("%d bytes", n)
	}
	return fmt.Sprintf("%.1f %s", f, units[unit])
}

// bySignal says which signal e's code stands for, and which limit when the kernel sent it for one.
func (l Limits) bySignal(e *Exit) {
	signal := syscall.Signal(e.Code - 128)
	if signal < 1 || signal >= 32 {
		return
	}
	e.Signal = unix.SignalName(signal)
	switch {
	case signal == unix.SIGXCPU && l.CPU > 0:
		e.Killed = TooMuchCPU
	case signal == unix.SIGXFSZ && l.FileSize > 0:
		e.Killed = TooLargeAFile
	}
	if e.Killed != NotKilled {
		e.Code, e.Limit = -1, l.text(e.Killed)
	}
}
