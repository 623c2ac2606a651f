package sandbox

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestCgroup: a group holds what is in it to its number of tasks, and is removed.
func TestCgroup(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("skipped: only root makes control groups; others have a limit of the user")
	}
	cmd := exec.Command("sh", "-c", "read go; for i in 1 2 3 4 5 6 7 8; do sleep 1000 & done; kill $(jobs -p)")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	said, err := os.Create(filepath.Join(t.TempDir(), "said"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	dir := newCgroup(cmd.Process.Pid, 3)
	if dir == "" {
		cmd.Process.Kill()
		cmd.Wait()
		t.Skip("skipped: no control group can be made here")
	}
	stdin.Write([]byte("\n"))
	werr := cmd.Wait()
	words, rerr := os.ReadFile(said.Name())
	if werr == nil || rerr != nil || !strings.Contains(string(words), "fork") {
		t.Errorf("nine processes in a group of three: %v, %s", werr, words)
	}
	procs, err := os.ReadFile(filepath.Join(dir, "cgroup.procs"))
	for _, pid := range strings.Fields(string(procs)) {
		if n, err := strconv.Atoi(pid); err == nil {
			unix.Kill(n, unix.SIGKILL)
		}
	}
	removeCgroup(dir)
	if _, serr := os.Stat(dir); err != nil || serr == nil {
		t.Errorf("%v; the group is still there: %v", err, serr)
	}
}

// TestCgroupParent: where a group is made, by version.
func TestCgroupParent(t *testing.T) {
	defer func(old func(string) string) { system = old }(system)
	system = func(path string) string {
		if path == "/sys/fs/cgroup/system.slice/cgroup.subtree_control" {
			return "cpu memory pids"
		}
		return ""
	}
	for own, want := range map[string]string{
		"0::/system.slice/ci.service\n": "/sys/fs/cgroup/system.slice",
		"0::/\n":                        "",
		"0::/../../x\n":                 "",
		"9:name=systemd:/\n8:pids:/user/1\n4:memory:/\n0::/\n": "/sys/fs/cgroup/pids/user/1",
		"": "",
	} {
		if got := cgroupParent(own); got != want {
			t.Errorf("%q: %q", own, got)
		}
	}
}
