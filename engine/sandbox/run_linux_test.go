package sandbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestExit(t *testing.T) {
	for script, want := range map[string]string{
		"true":                  "exited with code 0",
		"exit 7":                "exited with code 7",
		"exit 255":              "exited with code 255",
		"kill -SEGV $$":         "was killed by SIGSEGV (exit code 139)",
		"kill -KILL $$":         "was killed by SIGKILL (exit code 137)",
		"sh -c 'exit 3'":        "exited with code 3",
		"(sleep 100; ) & exit":  "exited with code 0", // what is left behind is killed
		"exec >&- 2>&-; exit 4": "exited with code 4",
	} {
		exit, out := run(t, shell(t, script))
		if exit.String() != want || out != "" {
			t.Errorf("%s: %s, wrote %q", script, exit, out)
		}
	}
}

// TestNotRun: what bubblewrap says when the command cannot be run is no output, and no exit code, of it.
func TestNotRun(t *testing.T) {
	for _, c := range []struct {
		command, dir, msg string
		is                error
	}{
		{"nonesuch", "", "there is no program \"nonesuch\" in the root folder, or the interpreter or loader that it names is missing\n  hint: it is looked for in PATH: /bin", fs.ErrNotExist},
		{"/bin/nonesuch", "", "there is no program \"/bin/nonesuch\" in the root folder, or the interpreter or loader that it names is missing", fs.ErrNotExist},
		{"/bin/dangling", "", "there is no program \"/bin/dangling\" in the root folder, or the interpreter or loader that it names is missing", fs.ErrNotExist},
		{"/etc/os-release", "", "the program \"/etc/os-release\" in the root folder may not be run: it is a folder or not executable, or no program may be run on the disk that it is on (noexec)", fs.ErrPermission},
		{"/etc", "", "the program \"/etc\" in the root folder may not be run: it is a folder or not executable, or no program may be run on the disk that it is on (noexec)", fs.ErrPermission},
		{"-x", "", "there is no program \"-x\" in the root folder, or the interpreter or loader that it names is missing\n  hint: it is looked for in PATH: /bin", fs.ErrNotExist},
		{"sh", "/nowhere", "the command cannot be run in /nowhere: No such file or directory", nil},
		{"sh", "/etc/os-release", "the command cannot be run in /etc/os-release: Not a directory", nil},
	} {
		p := shell(t, "")
		write(t, p.Root, "bin/dangling", "#!/bin/nowhere\n", 0o755)
		var out bytes.Buffer
		p.Command, p.Dir, p.Output = []string{c.command}, c.dir, &out
		exit, err := p.Run(context.Background())
		if err == nil || err.Error() != c.msg || c.is != nil && !errors.Is(err, c.is) || exit.Code != -1 || out.Len() > 0 {
			t.Errorf("%s in %q: %+v, wrote %q\n%v", c.command, c.dir, exit, out.Bytes(), err)
		}
	}
}

// TestBubblewrapsWords: a command may write what bubblewrap does.
func TestBubblewrapsWords(t *testing.T) {
	const words = "bwrap: execvp sh: No such file or directory\n"
	exit, out := run(t, shell(t, "echo 'bwrap: execvp sh: No such file or directory'; exit 1"))
	if exit.String() != "exited with code 1" || out != words {
		t.Errorf("%s, wrote %q", exit, out)
	}
	long := "bwrap: " + strings.Repeat("x", 3*maxMessage)
	p := shell(t, `printf '%s' "$LONG"; printf b`)
	p.Env = append(p.Env, "LONG="+long)
	mustSay(t, p, long+"b")
	mustSay(t, shell(t, "printf bwr"), "bwr")
}

// TestIdentity: the command sees what the Process says, and nothing of the caller.
func TestIdentity(t *testing.T) {
	t.Setenv("SECRET", "of the caller")
	const script = "id -u; id -g; hostname; umask; pwd; nproc; cat; env | sort"
	p := shell(t, script)
	p.UID, p.GID, p.Hostname, p.Umask, p.Dir, p.CPUs = 1234, 5678, "some.host", 0o077, "/etc", 1
	p.Env = append(p.Env, "LANG=C", "EMPTY=", "TWO=a=b\nc")
	mustSay(t, p, "1234\n5678\nsome.host\n0077\n/etc\n1\nEMPTY=\nLANG=C\nPATH=/bin\nPWD=/etc\nSHLVL=1\nTWO=a=b\nc\n")
	mustSay(t, shell(t, "id -u; id -g; hostname; umask; pwd"), "0\n0\nsandbox\n0022\n/\n")
}

// TestPrivileges: neither root nor anybody else may do anything to the machine.
func TestPrivileges(t *testing.T) {
	for _, uid := range []int{0, 1000} {
		p := shell(t, `grep -E 'Cap|NoNew' /proc/self/status
mount -t tmpfs none /etc 2>/dev/null && echo mounted
mount -o remount,rw / 2>/dev/null && echo remounted
unshare -U true 2>/dev/null && echo a namespace
hostname other 2>/dev/null && echo named
v=$(cat /proc/sys/vm/swappiness); (echo "$v" >/proc/sys/vm/swappiness) 2>/dev/null && echo set a setting of the machine
(echo 1 >/proc/sys/kernel/ns_last_pid) 2>/dev/null && echo set one of the namespace
kill -KILL 1; echo alive
tty; (: </dev/tty) 2>/dev/null && echo a terminal
ls /proc | grep -c '^[0-9]'`)
		p.UID = uid
		mustSay(t, p, "CapInh:\t0000000000000000\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\nCapBnd:\t0000000000000000\nCapAmb:\t0000000000000000\nNoNewPrivs:\t1\nalive\nnot a tty\n4\n")
	}
}

// TestFiles: the root folder is whole and cannot be written to; a mount can, when it is writable.
func TestFiles(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "in/file", "read", 0o644)
	write(t, dir, "secret", "of the caller", 0o644)
	if err := os.Mkdir(filepath.Join(dir, "out"), 0o755); err != nil {
		t.Fatal(err)
	}
	p := shell(t, `cat /src/file /one; cat `+dir+`/secret 2>&1 | grep -v such
for f in /x /etc/x /bin/x /etc/os-release /src/x /src/file /one /proc/x /dev/x; do
  (echo no >$f) 2>/dev/null && echo wrote $f
done
rm -f /etc/os-release /src/file 2>/dev/null
for d in /tmp /run /var/tmp /dev/shm /home/user /out; do echo yes >$d/x && cat $d/x; done
mkdir /out/dir; ls -A /tmp /home/user`)
	p.Mounts = []Mount{{filepath.Join(dir, "in"), "/src", false}, {filepath.Join(dir, "in/file"), "/one", false}, {filepath.Join(dir, "out"), "/out", true}}
	p.Tmpfs = []Tmpfs{{Target: "/home/user"}}
	p.Umask = 0o027
	mustSay(t, p, "readread"+strings.Repeat("yes\n", 6)+"/home/user:\nx\n\n/tmp:\nx\n")
	for name, mode := range map[string]fs.FileMode{"out/x": 0o640, "out/dir": fs.ModeDir | 0o750} {
		info, err := os.Lstat(filepath.Join(dir, name))
		if err != nil || info.Mode() != mode {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	for _, name := range []string{p.Root + "/src", p.Root + "/proc", p.Root + "/home", p.Root + "/etc/x"} {
		if _, err := os.Lstat(name); err == nil {
			t.Errorf("the root folder has got %s", name)
		}
	}
}

// TestInherited: a file that the caller was started with does not reach the command.
func TestInherited(t *testing.T) {
	p := shell(t, "")
	secret, err := os.Open(filepath.Join(p.Root, "etc/os-release"))
	if err != nil {
		t.Fatal(err)
	}
	defer secret.Close()
	cmd := child(t, "inherited", p.Root)
	cmd.ExtraFiles = []*os.File{secret}
	out, err := cmd.CombinedOutput()
	// 3 is the folder itself, which ls reads.
	if err != nil || string(out) != "0\n1\n2\n3\n" {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestDaemon: what outlives the command is killed, though it is in a session of its own and hears no signal.
func TestDaemon(t *testing.T) {
	f := newFifo(t)
	p := shell(t, f.script+"; exit 5")
	p.Mounts = f.mounts
	exit, _ := run(t, p)
	if exit.String() != "exited with code 5" {
		t.Error(exit)
	}
	f.allGone()
}

// TestCancel: the end of the context kills all, whatever the command does about signals.
func TestCancel(t *testing.T) {
	f := newFifo(t)
	p := shell(t, f.script+"; while :; do :; done")
	p.Mounts = f.mounts
	ctx, cancel := context.WithCancelCause(context.Background())
	reason := errors.New("the user's wish")
	go func() {
		f.started()
		cancel(reason)
	}()
	exit, err := p.Run(ctx)
	if !errors.Is(err, reason) || exit.Code != -1 {
		t.Errorf("%+v, %v", exit, err)
	}
	f.allGone()
	if _, err := p.Run(ctx); !errors.Is(err, reason) {
		t.Errorf("started by an ended context: %v", err)
	}
}

// TestCallerKilled: when the caller is killed, the kernel kills the sandbox.
func TestCallerKilled(t *testing.T) {
	f := newFifo(t)
	cmd := child(t, "endless", tinyRoot(t), f.dir, f.script+"; while :; do :; done")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	f.started()
	cmd.Process.Kill()
	cmd.Wait()
	f.allGone()
}

// TestCallerKilledFilling: when the caller is killed before the command started, it is not started.
func TestCallerKilledFilling(t *testing.T) {
	f := newFifo(t)
	cmd := child(t, "filling", tinyRoot(t), f.dir, "echo ran >/fifo/ran")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := f.r.ReadString('\n') // Fill's
	var bubblewrap, inside int
	if _, serr := fmt.Sscan(line, &bubblewrap, &inside); err != nil || serr != nil || bubblewrap == 0 || inside == 0 {
		t.Fatalf("%q: %v, %v", line, err, serr)
	}
	var pidfds []unix.PollFd
	for _, pid := range []int{bubblewrap, inside} {
		fd, err := unix.PidfdOpen(pid, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fd)
		pidfds = append(pidfds, unix.PollFd{Fd: int32(fd), Events: unix.POLLIN})
	}
	cmd.Process.Kill()
	cmd.Wait()
	for _, p := range pidfds {
		for {
			if _, err := unix.Poll([]unix.PollFd{p}, -1); !errors.Is(err, unix.EINTR) {
				break
			}
		}
	}
	if _, err := os.Lstat(filepath.Join(f.dir, "ran")); err == nil {
		t.Error("the command ran")
	}
}

// TestCrowd: sandboxes do not disturb each other.
func TestCrowd(t *testing.T) {
	p := shell(t, "echo $N >/tmp/n; cat /tmp/n; exit $N")
	var wg sync.WaitGroup
	for n := range 30 {
		wg.Go(func() {
			q := *p
			var out bytes.Buffer
			q.Env, q.Output, q.Umask = []string{"PATH=/bin", fmt.Sprint("N=", n)}, &out, n
			exit, err := q.Run(context.Background())
			if err != nil || exit.Code != n || out.String() != fmt.Sprintln(n) {
				t.Errorf("%d: %+v, %v, %q", n, exit, err, out.Bytes())
			}
		})
	}
	wg.Wait()
	// A umask is a sandbox's own.
	write(t, p.Root, "mode", "", 0o644)
	if info, err := os.Stat(filepath.Join(p.Root, "mode")); err != nil || info.Mode() != 0o644 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

// TestCommandLine: the line does what Run does.
func TestCommandLine(t *testing.T) {
	p := shell(t, `echo "$A" '$B'; umask; ls / | head -3; id -u; cat /src/x`)
	dir := filepath.Join(t.TempDir(), "it's a folder")
	write(t, dir, "x", "mounted\n", 0o644)
	p.Mounts = []Mount{{dir, "/src", false}}
	p.Env = append(p.Env, "A=it's \"quoted\" $HOME `id` \\")
	p.UID, p.Umask = 42, 0o002
	_, want := run(t, p)
	line, err := p.CommandLine()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("sh", "-c", line).CombinedOutput()
	if err != nil || string(out) != want || !strings.Contains(want, "mounted") {
		t.Errorf("%v\n%s\nexpected\n%s\n%s", err, out, want, line)
	}
}

// TestWriterFails: the command goes on when nobody can write down what it says.
func TestWriterFails(t *testing.T) {
	p := shell(t, "seq 100000; echo done >/out/done")
	dir := t.TempDir()
	p.Mounts = []Mount{{dir, "/out", true}}
	p.Output = failingWriter{}
	if _, err := p.Run(context.Background()); err == nil || err.Error() != "no room" {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "done")); err != nil {
		t.Error(err)
	}
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, errors.New("no room") }

// TestRefused: what makes no sense is refused before anything is started.
func TestRefused(t *testing.T) {
	for msg, change := range map[string]func(*Process){
		`the root folder "x" is no absolute path`:                                                func(p *Process) { p.Root = "x" },
		"the root folder /nowhere does not exist":                                                func(p *Process) { p.Root = "/nowhere" },
		"there is no command to run":                                                             func(p *Process) { p.Command = nil },
		`the argument "a\x00b" has a NUL character`:                                              func(p *Process) { p.Command = []string{"sh", "a\x00b"} },
		`"A" is no environment variable; expected NAME=VALUE`:                                    func(p *Process) { p.Env = []string{"A"} },
		`the environment variable "A" is given twice`:                                            func(p *Process) { p.Env = []string{"A=1", "A=2"} },
		"user -1 and group 0 must not be negative":                                               func(p *Process) { p.UID = -1 },
		"the umask 01000 is not between 0 and 0777":                                              func(p *Process) { p.Umask = 0o1000 },
		"a command cannot run on -1 processors":                                                  func(p *Process) { p.CPUs = -1 },
		`"a b" is no host name; expected at most 64 letters, digits, "-" and "."`:                func(p *Process) { p.Hostname = "a b" },
		`the folder "x" to run in is no absolute path without ".", ".." and "//"`:                func(p *Process) { p.Dir = "x" },
		`the mount point "/a/../b" is no absolute path below / without ".", ".." and "//"`:       func(p *Process) { p.Tmpfs = []Tmpfs{{Target: "/a/../b"}} },
		`the mount point "/" is no absolute path below / without ".", ".." and "//"`:             func(p *Process) { p.Tmpfs = []Tmpfs{{Target: "/"}} },
		`the mount point "/proc/x" lies in /proc, which is the sandbox's own`:                    func(p *Process) { p.Tmpfs = []Tmpfs{{Target: "/proc/x"}} },
		`two mounts have the mount point "/a"`:                                                   func(p *Process) { p.Tmpfs = []Tmpfs{{Target: "/a"}, {Target: "/a"}} },
		`what is to be mounted on /a is no absolute path: "b"`:                                   func(p *Process) { p.Mounts = []Mount{{Source: "b", Target: "/a"}} },
		"/nowhere, which is to be mounted on /a, cannot be looked at: no such file or directory": func(p *Process) { p.Mounts = []Mount{{Source: "/nowhere", Target: "/a"}} },
		"/dev/null, which is to be mounted on /a, is neither a folder nor an ordinary file":      func(p *Process) { p.Mounts = []Mount{{Source: "/dev/null", Target: "/a"}} },
		"a limit is negative: ":                                                                  func(p *Process) { p.Limits.Disk = -1 },
	} {
		p := shell(t, "echo ran")
		var out bytes.Buffer
		p.Output = &out
		change(p)
		if _, err := p.Run(context.Background()); err == nil || !strings.HasPrefix(err.Error(), msg) || out.Len() > 0 {
			t.Errorf("%v, wrote %q\nexpected %s", err, out.Bytes(), msg)
		}
	}
}

// BenchmarkRun is what a sandbox costs over its command, which does nothing.
func BenchmarkRun(b *testing.B) {
	p := shell(b, "")
	p.Command = []string{"true"}
	p.Limits = Limits{Wall: time.Minute, Processes: 100, Disk: 1 << 30, Output: 1 << 20}
	for b.Loop() {
		if exit, err := p.Run(context.Background()); err != nil || !exit.Success() {
			b.Fatal(exit, err)
		}
	}
}
