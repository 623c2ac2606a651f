package sandbox

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// cgroupPrefix begins the names of our control groups; the number of the process that made it follows, and a count.
const cgroupPrefix = "sbomctl-sandbox-"

var cgroups atomic.Int64

// newCgroup puts a process into a control group of its own, in which there may be so many tasks, and returns the
// group's folder. It is for root, whose processes no other limit of the kernel counts. Where root may make no group,
// as in most containers, it returns "", and only the watch is left.
func newCgroup(pid, tasks int) string {
	if os.Geteuid() != 0 {
		return ""
	}
	parent := cgroupParent(system("/proc/self/cgroup"))
	if parent == "" {
		return ""
	}
	removeStale(parent)
	dir := filepath.Join(parent, fmt.Sprintf("%s%d-%d", cgroupPrefix, os.Getpid(), cgroups.Add(1)))
	if os.Mkdir(dir, 0o755) != nil {
		return ""
	}
	for name, value := range map[string]int{"pids.max": tasks, "cgroup.procs": pid} {
		if os.WriteFile(filepath.Join(dir, name), []byte(strconv.Itoa(value)), 0) != nil {
			unix.Rmdir(dir)
			return ""
		}
	}
	return dir
}

// cgroupParent returns the folder to make a group in, so that the limits of groups around the caller's hold for it;
// "" when there is none. Own is /proc/self/cgroup: lines with a hierarchy, its controllers and the caller's group.
func cgroupParent(own string) string {
	const mount = "/sys/fs/cgroup"
	for line := range strings.Lines(own) {
		_, rest, _ := strings.Cut(strings.TrimSpace(line), ":")
		controllers, group, _ := strings.Cut(rest, ":")
		switch controllers {
		case "": // version 2: a group that holds processes has no groups with limits in it, so it is one beside the caller's
			parent := filepath.Join(mount, filepath.Dir(filepath.Join("/", group)))
			if slices.Contains(strings.Fields(system(filepath.Join(parent, "cgroup.subtree_control"))), "pids") {
				return parent
			}
		case "pids": // version 1
			return filepath.Join(mount, "pids", filepath.Join("/", group))
		}
	}
	return ""
}

// removeCgroup removes a group whose processes have ended. The kernel may take a moment to see that they have.
func removeCgroup(dir string) {
	if dir == "" {
		return
	}
	for range 100 {
		if err := unix.Rmdir(dir); !errors.Is(err, unix.EBUSY) {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// removeStale removes the groups that callers left behind which were killed.
func removeStale(parent string) {
	groups, _ := filepath.Glob(filepath.Join(parent, cgroupPrefix+"*"))
	for _, dir := range groups {
		owner, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(dir), cgroupPrefix), "-")
		if pid, err := strconv.Atoi(owner); err == nil && errors.Is(unix.Kill(pid, 0), unix.ESRCH) {
			unix.Rmdir(dir)
		}
	}
}
