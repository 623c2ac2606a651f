package sandbox

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// Bubblewrap asks the kernel to be killed when its caller is, and the sandbox to be killed when bubblewrap is. While the
// sandbox is being made, the second has not been asked for yet: a caller that is killed then would leave a sandbox behind
// that nobody watches. So there is a fence around both, a namespace of processes of which bubblewrap is the first: when
// it is killed, the kernel kills the others, and only then is it gone. Where the kernel allows no fence, bubblewrap
// does without.

// fenceable reports whether a fence is worth a try. Where AppArmor lets some programs make user namespaces, bubblewrap may be
// one of them, but inside one that another program made it is not.
func fenceable() bool {
	return os.Geteuid() == 0 || system("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") != "1"
}

// fence has a process started inside a fence. An ordinary user needs a namespace of users for that, in which everybody stays
// who they are.
func fence(attr *syscall.SysProcAttr) {
	attr.Cloneflags = syscall.CLONE_NEWPID
	if os.Geteuid() != 0 {
		attr.Cloneflags |= syscall.CLONE_NEWUSER
		attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: os.Geteuid(), HostID: os.Geteuid(), Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getegid(), HostID: os.Getegid(), Size: 1}}
	}
}

// childOf returns the child of a process that has one; 0 when it has none.
func childOf(pid int) (child int) {
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, t := range threads {
		if child == 0 {
			fmt.Sscan(system(t), &child)
		}
	}
	return child
}
