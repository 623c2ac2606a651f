package sandbox

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// applets are the programs that the tests' root folder has.
const applets = "sh cat ls mkdir touch sleep dd kill id hostname date env pwd ps yes true false nproc wc rm ln mount chmod head seq stat chown tty nc setsid trap test unshare echo mkfifo sort cut printf grep readlink find tr"

// needSandbox skips the test where no sandbox can be made.
func needSandbox(t testing.TB) *Bubblewrap {
	t.Helper()
	b, err := Find()
	if err != nil {
		t.Skipf("skipped: %v", err)
	}
	if err := b.Probe(context.Background()); err != nil {
		t.Skipf("skipped: %v", err)
	}
	return b
}

// tinyRoot is a root folder with a static busybox and nothing else: no /proc, /dev, /tmp.
func tinyRoot(t testing.TB) string {
	t.Helper()
	needSandbox(t)
	busybox, err := exec.LookPath("busybox")
	if err != nil {
		t.Skip("skipped: these tests need a static busybox: apt-get install busybox-static")
	}
	data, err := os.ReadFile(busybox)
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	write(t, root, "bin/busybox", string(data), 0o755)
	for _, a := range strings.Fields(applets) {
		if err := os.Symlink("busybox", filepath.Join(root, "bin", a)); err != nil {
			t.Fatal(err)
		}
	}
	write(t, root, "etc/os-release", "ID=tiny\n", 0o644)
	if out, err := exec.Command(filepath.Join(root, "bin/busybox"), "true").CombinedOutput(); err != nil {
		t.Skipf("skipped: these tests need a static busybox: apt-get install busybox-static: %v %s", err, out)
	}
	return root
}

func write(t testing.TB, root, name, content string, mode os.FileMode) {
	t.Helper()
	path := filepath.Join(root, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
}

// shell is a process that runs a script in a tiny root folder. It is killed should a test hang.
func shell(t testing.TB, script string) *Process {
	return &Process{
		Root: tinyRoot(t), Command: []string{"sh", "-c", script}, Env: []string{"PATH=/bin"}, Umask: 0o022,
		Limits: Limits{Wall: time.Minute},
	}
}

// run runs p and returns its output too.
func run(t testing.TB, p *Process) (Exit, string) {
	t.Helper()
	var out bytes.Buffer
	p.Output = &out
	exit, err := p.Run(context.Background())
	if err != nil {
		t.Fatalf("%v\n%s", err, out.Bytes())
	}
	return exit, out.String()
}

// mustSay runs p, which has to succeed and to write want.
func mustSay(t testing.TB, p *Process, want string) {
	t.Helper()
	exit, out := run(t, p)
	if !exit.Success() || out != want {
		t.Errorf("%s, wrote\n%s\nexpected\n%s", exit, out, want)
	}
}
