// Package sandbox runs a command in a root folder that is not this machine's, by bubblewrap.
//
// A [Process] says what is run: a root folder, which is shared and never written to, mounts of other folders over it,
// and a command. Nothing of the caller reaches the command but what the Process names: no environment, no open file,
// no process, no network, no capability. [Process.Run] runs the command; [Find] says beforehand whether it can.
//
// An error of Run means that the command was not run, or not to its end: its message is never the command's. An [Exit]
// is the command's own result, or says why it was killed ([Exit.Killed]).
//
// The root folder that the command sees is a small file system of its own when a mount point is missing from Root: the
// entries of Root are bound into it one by one, so that Root needs no folders for what is mounted (plan_linux.go). The
// command waits, in its namespaces, until its limits are set and what watches them is ready (run_linux.go); limits that
// the kernel does not keep are looked at from outside (watch_linux.go). When Run returns, no process of the sandbox is
// left, and when the caller is killed, the kernel kills them (fence_linux.go).
//
// Two runs of a command can differ in all that a Process says. They cannot differ in what is the machine's: its kernel,
// the model of its processors, the file system that mounts lie on (and with it the order in which it lists a folder,
// which a [Tmpfs] gives a say in), the numbers of files and devices, and the clocks that only count. The groups of an
// ordinary user are seen as the group 65534; root has none. The numbers of processes begin with 2 each time.
//
// The package knows nothing of images, actions or SBOMs. It works on Linux only; elsewhere Find says so.
package sandbox

import (
	"fmt"
	"io"
	"time"
)

// Process is a command and all that it may see.
type Process struct {
	Root    string   // folder that the command sees as /; read-only, and never written to
	Mounts  []Mount  // over Root
	Tmpfs   []Tmpfs  // over Root, beside /tmp, /run, /var/tmp and /dev/shm, which are always empty ones
	Command []string // program and arguments; the program is looked up in the PATH of Env, inside
	Env     []string // NAME=VALUE; exact, but for PWD, which is Dir
	Dir     string   // absolute path inside; "/" when empty

	Hostname string // "sandbox" when empty
	UID, GID int    // what the command takes itself for; its files are the caller's outside
	Umask    int    // such as 0o022
	CPUs     int    // how many processors it may use; 0 is as many as the caller may
	Network  bool   // the caller's network, and its /etc/resolv.conf
	Clock    *Clock // another time of day; nil is the machine's

	Limits     Limits
	Bubblewrap *Bubblewrap // as Find found it; nil looks for it
	Output     io.Writer   // what the command writes to its standard output and standard error, in order; nil drops it
}

// Mount is a folder or a file of the caller's that the command sees.
type Mount struct {
	Source   string // outside; a folder or an ordinary file
	Target   string // absolute path inside
	Writable bool
}

// Tmpfs is a folder in memory. What its files are listed in is the order in which they were made, one way or the
// other, unlike on a disk, where most file systems order them by a hash of their names.
type Tmpfs struct {
	Target string // absolute path inside
	// Fill, when set, puts files there before the command starts: dir is a path by which the caller reaches the folder.
	Fill func(dir string) error
	// Collect, when set, is called when the command has ended by itself and no process of the sandbox is left.
	Collect func(dir string) error
}

// Limits bound what a command may use. Zero is no limit.
type Limits struct {
	Wall         time.Duration // from start to end
	CPU          time.Duration // processor time of each process; rounded up to seconds
	AddressSpace int64         // bytes of each process
	Memory       int64         // bytes in memory of all processes and the tmpfs, looked at now and then
	Processes    int           // at one time, threads not counted
	OpenFiles    int           // of each process
	FileSize     int64         // bytes of each file
	Disk         int64         // bytes in the writable mounts and the tmpfs together; an entry counts as at least 4 KiB
	Output       int64         // bytes that reach Process.Output; more is dropped and counted
}

// Reason says which limit ended a command.
type Reason string

// The limits that end a command. The others make a system call of it fail.
const (
	NotKilled     Reason = ""
	TooLong       Reason = "time"
	TooMuchCPU    Reason = "processor time"
	TooMuchMemory Reason = "memory"
	TooMany       Reason = "processes"
	TooMuchOnDisk Reason = "disk"
	TooDeep       Reason = "depth" // of folders, where the disk is limited: what nobody can name cannot be counted
	TooLargeAFile Reason = "file size"
)

// Exit is how a command ended.
type Exit struct {
	Code    int    // its exit code; 128 and the number when a signal ended it, as a shell has it; -1 when it was killed for Killed
	Signal  string // such as "SIGSEGV": what Code stands for when it is above 128; "" otherwise
	Killed  Reason // the limit that ended it; NotKilled when it ended by itself
	Limit   string // the limit as it was set, such as "10m0s" or "1.0 GiB"; "" without Killed
	Dropped int64  // bytes of its output beyond Limits.Output
	Wall    time.Duration
}

// Success reports whether the command ended by itself with exit code 0.
func (e Exit) Success() bool { return e.Killed == NotKilled && e.Code == 0 }

// String says how the command ended, after a subject: "exited with code 2", "was killed by SIGSEGV (exit code 139)",
// "was killed: it took more than 10m0s of time".
func (e Exit) String() string {
	switch {
	case e.Killed == TooMany:
		return fmt.Sprintf("was killed: it had more than %s processes at once", e.Limit)
	case e.Killed == TooDeep:
		return "was killed: it made folders in folders, deeper than a path can name"
	case e.Killed != NotKilled:
		return fmt.Sprintf("was killed: it took more than %s of %s", e.Limit, e.Killed)
	case e.Signal != "":
		return fmt.Sprintf("was killed by %s (exit code %d)", e.Signal, e.Code)
	}
	return fmt.Sprintf("exited with code %d", e.Code)
}
