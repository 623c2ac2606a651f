package sandbox

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// childEnv says what this program is to do when it is a child of a test.
const childEnv = "SANDBOX_TEST_CHILD"

func TestMain(m *testing.M) {
	if what := os.Getenv(childEnv); what != "" {
		if err := beChild(what, os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// child returns this program as a caller of its own, which a test can kill.
func child(t *testing.T, what string, args ...string) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Env = append(os.Environ(), childEnv+"="+what)
	return cmd
}

func beChild(what string, args []string) error {
	p := &Process{Root: args[0], Env: []string{"PATH=/bin"}, Umask: 0o022, Output: os.Stdout}
	switch what {
	case "inherited":
		p.Command = []string{"ls", "/proc/self/fd"}
	case "endless":
		p.Command = []string{"sh", "-c", args[2]}
		p.Mounts = []Mount{{args[1], "/fifo", true}}
	case "filling":
		p.Command = []string{"sh", "-c", args[2]}
		p.Mounts = []Mount{{args[1], "/fifo", true}}
		p.Tmpfs = []Tmpfs{{Target: "/work", Fill: func(string) error {
			f, err := os.OpenFile(filepath.Join(args[1], "fifo"), os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			bubblewrap := childOf(os.Getpid())
			fmt.Fprintf(f, "%d %d\n", bubblewrap, childOf(bubblewrap))
			select {}
		}}}
	}
	_, err := p.Run(context.Background())
	return err
}

// fifo tells when processes started, and when all of them are gone: they hold it open.
type fifo struct {
	t      *testing.T
	dir    string
	both   *os.File // keeps the fifo open until the script's processes have it
	mounts []Mount
	script string // begins that of a command: it and a child in a session of its own, which hear no signal, hold the fifo
	r      *bufio.Reader
}

func newFifo(t *testing.T) *fifo {
	dir := t.TempDir()
	path := filepath.Join(dir, "fifo")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	// Opened for both, it does not wait for a writer; and then it has one until the first has come.
	both, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	r, err := os.OpenFile(path, os.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); both.Close() })
	f := &fifo{
		t: t, dir: dir, both: both, mounts: []Mount{{dir, "/fifo", true}},
		script: `trap '' TERM INT HUP; exec 3>/fifo/fifo; (setsid sh -c "trap '' TERM INT HUP; while :; do sleep 100; done" &); echo started >&3`,
	}
	f.r = bufio.NewReader(r)
	return f
}

// started waits until the script's processes are there.
func (f *fifo) started() {
	if line, err := f.r.ReadString('\n'); err != nil || line != "started\n" {
		f.t.Errorf("%q, %v", line, err)
	}
}

// allGone waits until nobody has the fifo.
func (f *fifo) allGone() {
	f.both.Close()
	if _, err := io.Copy(io.Discard, f.r); err != nil {
		f.t.Error(err)
	}
}
