package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// Run runs p's command and returns how it ended. When it returns, none of the sandbox's processes is left.
// An error means that the command was not run, or that ctx ended and killed it; errors.Is with fs.ErrNotExist tells
// that its program is not there, with fs.ErrPermission that it may not be run.
func (p *Process) Run(ctx context.Context) (Exit, error) {
	type result struct {
		exit Exit
		err  error
	}
	done := make(chan result)
	go func() {
		// The kernel kills bubblewrap when the thread that started it ends, and the umask is the thread's: so the thread
		// is this goroutine's alone for as long as the sandbox lives, and ends with it.
		runtime.LockOSThread()
		exit, err := p.run(ctx)
		done <- result{exit, err}
	}()
	r := <-done
	return r.exit, r.err
}

// run is Run, on a thread of its own.
func (p *Process) run(ctx context.Context) (Exit, error) {
	failed := Exit{Code: -1}
	b, err := p.bubblewrap()
	if err != nil {
		return failed, err
	}
	s := &sandbox{process: p, output: newOutput(p.Output, p.Limits.Output), fence: fenceable()}
	err = s.start(ctx, b)
	if err != nil && s.fence && ctx.Err() == nil {
		s.close()
		s = &sandbox{process: p, output: newOutput(p.Output, p.Limits.Output)}
		err = s.start(ctx, b)
	}
	defer s.close()
	if err != nil {
		return failed, err
	}
	err = s.prepare(ctx)
	if err == nil {
		err = s.release()
	}
	if err != nil {
		s.kill()
		s.wait()
		return failed, err
	}
	return s.supervise(ctx)
}

// sandbox is a Process that runs.
type sandbox struct {
	process *Process
	output  *output

	fence  bool          // bubblewrap is in a namespace of processes of its own (fence_linux.go)
	cmd    *exec.Cmd     // bubblewrap's first process, which is not in the sandbox
	init   int           // the process that is number 1 in the sandbox; a command of it is bubblewrap's, too
	pidfd  int           // of init; -1 when there is none
	block  *os.File      // a byte lets the command start
	gate   *gate         // nil when nothing has to be done in the sandbox before the command starts
	status *json.Decoder // what bubblewrap says of the sandbox
	files  []*os.File    // to be closed
	cgroup string        // folder of the control group that it is in; "" when it has none of its own
	copied chan error    // what came of copying the output
}

// Stages of bubblewrap, by its JSON status.
type status struct {
	ChildPid int  `json:"child-pid"`
	ExitCode *int `json:"exit-code"`
}

// start starts bubblewrap and waits until it has made the process that will be the sandbox's first. The command does not
// run yet.
func (s *sandbox) start(ctx context.Context, b *Bubblewrap) error {
	s.pidfd = -1
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	var pipes [3][2]*os.File // status, block, output
	for i := range pipes {
		r, w, err := os.Pipe()
		if err != nil {
			return systemError("a pipe", err)
		}
		s.files = append(s.files, r, w)
		pipes[i] = [2]*os.File{r, w}
	}
	statusR, statusW := pipes[0][0], pipes[0][1]
	blockR, outR, outW := pipes[1][0], pipes[2][0], pipes[2][1]
	s.block = pipes[1][1]
	extra := []*os.File{statusW, blockR}
	var gateArgs []string // the gate's file, when there is one, is the third
	if s.process.gated() {
		var err error
		if s.gate, err = newGate(); err != nil {
			return err
		}
		extra = append(extra, s.gate.r)
		gateArgs = []string{"--file", "5", "/dev/shm/gate"}
	}
	args, pl, err := s.process.arguments(b.Version, gateArgs...)
	if err != nil {
		return err
	}
	if s.gate != nil {
		s.gate.plan = pl
	}
	args = append(args, "--new-session", "--json-status-fd", "3", "--block-fd", "4")
	file, err := argumentFile(args)
	if err != nil {
		return systemError("its arguments", err)
	}
	s.files = append(s.files, file)
	extra = append(extra, file)
	s.cmd = exec.Command(b.Path, append([]string{"--args", strconv.Itoa(2 + len(extra))}, s.process.program()...)...)
	s.cmd.Env, s.cmd.Dir = []string{}, "/"
	s.cmd.Stdout, s.cmd.Stderr, s.cmd.ExtraFiles = outW, outW, extra
	// In a process group of its own, it does not get the terminal's Ctrl-C: the caller does, and ends ctx.
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if s.fence {
		fence(s.cmd.SysProcAttr)
	}
	if err := isolateThread(s.process.Umask); err != nil {
		return err
	}
	if err := s.cmd.Start(); err != nil {
		s.cmd = nil
		return systemError(b.Path, err)
	}
	for _, f := range append(extra, outW) {
		f.Close()
	}
	s.copied = make(chan error, 1)
	go func() { s.copied <- s.output.copy(outR) }()

	// Nothing of this may be cut short: without the number of the first process it could not be killed.
	s.status = json.NewDecoder(io.LimitReader(statusR, 1<<16))
	var st status
	if err := s.status.Decode(&st); err != nil || st.ChildPid <= 0 {
		s.wait()
		return explain(s.output.held())
	}
	s.init = st.ChildPid
	if s.fence {
		s.init = childOf(s.cmd.Process.Pid) // it told the number that it has inside the fence
	}
	if s.pidfd, err = unix.PidfdOpen(s.init, 0); err != nil {
		s.pidfd = -1
		s.cmd.Process.Kill()
		s.wait()
		if errors.Is(err, unix.ENOSYS) {
			return refuse("commands are run in a sandbox with Linux 5.3 or later; this kernel has no pidfd_open")
		}
		return explain(s.output.held())
	}
	return nil
}

// argumentFile returns a file with arguments for bubblewrap. On its command line, all users of the machine could read
// them, and the command could.
func argumentFile(args []string) (*os.File, error) {
	fd, err := unix.MemfdCreate("bwrap", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), "bwrap")
	if _, err = f.WriteString(strings.Join(args, "\x00") + "\x00"); err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	return f, err
}

// isolateThread readies this thread, which starts bubblewrap, so that bubblewrap inherits what it should.
func isolateThread(umask int) error {
	// Files that the caller inherited without knowing: those that Go opens are closed on exec anyway.
	if err := unix.CloseRange(3, ^uint(0), unix.CLOSE_RANGE_CLOEXEC); err != nil {
		if err := closeOnExec(); err != nil {
			return err
		}
	}
	if err := unix.Unshare(unix.CLONE_FS); err != nil {
		return systemError("a umask of its own", err)
	}
	unix.Umask(umask)
	// Keys and groups are left behind where the kernel lets us, as it does root.
	unix.KeyctlInt(unix.KEYCTL_JOIN_SESSION_KEYRING, 0, 0, 0, 0)
	if os.Geteuid() == 0 {
		unix.RawSyscall(unix.SYS_SETGROUPS, 0, 0, 0)
	}
	return nil
}

// closeOnExec is close_range for kernels that do not have it.
func closeOnExec() error {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return systemError("/proc/self/fd", cause(err))
	}
	for _, e := range entries {
		if fd, err := strconv.Atoi(e.Name()); err == nil && fd > 2 {
			unix.CloseOnExec(fd)
		}
	}
	return nil
}

// systemError is an error of the system about something that a sandbox needs.
func systemError(what string, err error) error {
	return &diag.Error{Msg: fmt.Sprintf("a sandbox could not be made: %s: %v", what, cause(err)), Err: err}
}

// prepare sets the limits, and fills what is to be filled.
func (s *sandbox) prepare(ctx context.Context) error {
	if err := s.setLimits(); err != nil {
		return err
	}
	if s.gate == nil {
		return nil
	}
	if err := s.gate.arrive(); err != nil {
		s.kill()
		s.wait()
		return explain(s.output.held())
	}
	return s.gate.pass(ctx, s)
}

// release lets the command start.
func (s *sandbox) release() error {
	if _, err := s.block.Write([]byte{0}); err != nil && !errors.Is(err, unix.EPIPE) {
		return systemError("bubblewrap", err)
	}
	return s.block.Close()
}

// supervise waits until the command ends, or something ends it.
func (s *sandbox) supervise(ctx context.Context) (Exit, error) {
	start := time.Now()
	ended := make(chan *int, 1)
	go func() {
		var st status
		for s.status.Decode(&st) == nil && st.ExitCode == nil {
		}
		ended <- st.ExitCode
	}()
	var wall <-chan time.Time
	if d := s.process.Limits.Wall; d > 0 {
		t := time.NewTimer(d)
		defer t.Stop()
		wall = t.C
	}
	w := s.watch()
	defer w.stop()
	var killed Reason
	var code *int
	over := false
	select {
	case code = <-ended:
		over = true
	case <-ctx.Done():
	case <-wall:
		killed = TooLong
	case killed = <-w.over:
	}
	took := time.Since(start)
	if !over {
		s.kill()
		<-ended
	}
	w.stop()
	copyErr := s.wait()
	switch {
	case killed == NotKilled && !over:
		return Exit{Code: -1}, context.Cause(ctx)
	case killed == NotKilled && code == nil:
		return Exit{Code: -1}, s.notRun()
	case copyErr != nil:
		return Exit{Code: -1}, copyErr
	}
	if err := s.output.flush(); err != nil {
		return Exit{Code: -1}, err
	}
	exit := Exit{Code: -1, Killed: killed, Limit: s.process.Limits.text(killed), Dropped: s.output.dropped, Wall: took}
	if killed != NotKilled {
		return exit, nil
	}
	exit.Code = *code
	s.process.Limits.bySignal(&exit)
	if s.gate != nil && exit.Killed == NotKilled {
		if err := s.gate.collect(s.process.Tmpfs); err != nil {
			return exit, err
		}
	}
	return exit, nil
}

// notRun says why the command did not run, though its sandbox was made: bubblewrap then tells no exit code.
func (s *sandbox) notRun() error {
	said := strings.TrimSpace(s.output.held())
	program := s.process.Command[0]
	exec, ok := strings.CutPrefix(said, "bwrap: execvp "+program+": ")
	switch {
	case ok && exec == "No such file or directory":
		e := &diag.Error{Msg: fmt.Sprintf("there is no program %q in the root folder, or the interpreter or loader that it names is missing", program), Err: fs.ErrNotExist}
		if !strings.Contains(program, "/") {
			e.Hints = []string{"it is looked for in PATH: " + s.process.path()}
		}
		return e
	case ok && exec == "Permission denied":
		return &diag.Error{Msg: fmt.Sprintf("the program %q in the root folder may not be run: it is a folder or not executable, or no program may be run on the disk that it is on (noexec)", program), Err: fs.ErrPermission}
	case ok:
		return &diag.Error{Msg: fmt.Sprintf("the program %q cannot be run: %s", program, exec), Err: errors.New(exec)}
	case strings.HasPrefix(said, "bwrap: Can't chdir to "):
		return refuse("the command cannot be run in %s: %s", s.process.Dir, said[strings.LastIndex(said, ": ")+2:])
	case said == "":
		return refuse("the sandbox was killed from outside before the command ended")
	}
	return explain(said)
}

func (p *Process) path() string {
	for _, e := range p.Env {
		if v, ok := strings.CutPrefix(e, "PATH="); ok {
			return v
		}
	}
	return "not set; /bin and /usr/bin"
}

func notFound(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// kill kills the sandbox with all that is in it: the kernel does so when its first process dies.
func (s *sandbox) kill() {
	if s.pidfd >= 0 {
		unix.PidfdSendSignal(s.pidfd, unix.SIGKILL, nil, 0)
	}
	if s.cmd != nil {
		s.cmd.Process.Kill()
	}
}

// wait waits until no process of the sandbox is left, and all of its output is copied. The command has ended, or is being
// killed; what it left behind dies with bubblewrap.
func (s *sandbox) wait() error {
	s.cmd.Wait()
	if s.pidfd >= 0 {
		unix.PidfdSendSignal(s.pidfd, unix.SIGKILL, nil, 0)
		for {
			_, err := unix.Poll([]unix.PollFd{{Fd: int32(s.pidfd), Events: unix.POLLIN}}, -1)
			if !errors.Is(err, unix.EINTR) {
				break
			}
		}
		// Its parent has ended, so that it is init's to reap; in a container that may be this process.
		unix.Wait4(s.init, nil, unix.WNOHANG, nil)
	}
	return <-s.copied
}

func (s *sandbox) close() {
	for _, f := range s.files {
		f.Close()
	}
	if s.gate != nil {
		s.gate.close()
	}
	if s.pidfd >= 0 {
		unix.Close(s.pidfd)
	}
	removeCgroup(s.cgroup)
}
