package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// testbed is a world that hazards are tried in: it was built, then edited, and it is known what the next
// build has to make. Each trial begins from the same state.
type testbed struct {
	s        *session
	seed     uint64
	w        *world // where trials run
	pristine *world // what they begin from
	edit     []op
	step     step
	expected result
	before   map[string]string // outputs, before the edit
	want     map[string]string // outputs, after it
}

// newTestbed makes a world whose builds succeed before the edit and after it, so that what goes wrong later is
// the hazard's doing. Of those that the seed gives it is the first.
func (s *session) newTestbed(seed uint64) (*testbed, error) {
	for n := uint64(0); n < 100 && s.ctx.Err() == nil; n++ {
		t, err := s.tryTestbed(seed, n)
		if err != nil {
			return nil, err
		}
		if t != nil {
			return t, nil
		}
	}
	return nil, fmt.Errorf("seed %d: no world of a hundred builds; see what --only=edits says", seed)
}

// tryTestbed returns nil when the world does not build.
func (s *session) tryTestbed(seed, n uint64) (*testbed, error) {
	w, err := s.newWorld()
	if err != nil {
		return nil, err
	}
	dir := filepath.Dir(w.dir)
	t := &testbed{s: s, seed: seed, w: w, step: step{args: []string{"//...", "-k"}, jobs: 2}}
	t.pristine = &world{dir: filepath.Join(dir, "pristine"), cache: filepath.Join(dir, "pristine-cache")}
	g := newGenerator(seed+n<<32, append(slices.Clone(s.skip), "self"))
	g.sound = true
	for _, o := range g.workspace() {
		o.do(w)
	}
	t.edit = []op{{"append", "ws/src/lib/a.c", g.text()}, {"append", "ws/v/one/tree/lib/a.c", g.text()}, g.archive("ws/pack.tar.gz"), g.words()}
	if r := w.buildStep(t.step); r.code != 0 {
		t.remove()
		return nil, nil
	}
	t.before = w.outputs()
	if err := errors.Join(w.copyTo(t.pristine, true), copyTree(w.cache, t.pristine.cache, false)); err != nil {
		return nil, err
	}
	if err := t.reset(true); err != nil {
		return nil, err
	}
	if t.expected = w.buildStep(t.step); t.expected.code != 0 {
		t.remove()
		return nil, nil
	}
	t.want = w.outputs()
	return t, nil
}

func (t *testbed) remove() { os.RemoveAll(filepath.Dir(t.w.dir)) }

// reset brings the world back to where trials begin: built, and then edited; or with empty, never built.
func (t *testbed) reset(empty bool) error {
	if err := errors.Join(os.RemoveAll(t.w.dir), os.RemoveAll(t.w.cache), t.pristine.copyTo(t.w, !empty)); err != nil {
		return err
	}
	if !empty {
		if err := copyTree(t.pristine.cache, t.w.cache, false); err != nil {
			return err
		}
	}
	for _, o := range t.edit {
		o.do(t.w)
	}
	return nil
}

// whole checks what lies in sbom-out while a build is not over: each file is that of before or the right one.
func (t *testbed) whole() *failure {
	for name, text := range t.w.outputs() {
		temporary := strings.HasPrefix(filepath.Base(name), ".")
		if !temporary && text != t.want[name] && text != t.before[name] {
			return failed("torn output", "%s is neither the one of before nor the right one", name)
		}
	}
	return nil
}

// recovers checks that a build after a hazard is right and needs no hand, and that one more runs nothing.
func (t *testbed) recovers() *failure {
	r := t.w.buildStep(t.step)
	if f := t.right("the build after it", r); f != nil {
		return f
	}
	again := t.w.buildStep(t.step)
	if f := ranNothing(again); f != nil {
		return f
	}
	return t.right("the second build after it", again)
}

// right checks a build that nothing hinders.
func (t *testbed) right(what string, r result) *failure {
	if f := crashed(r); f != nil {
		return where(what, f)
	}
	if r.code != t.expected.code {
		return failed("exit code", "%s: exit %d, expected %d\n%s", what, r.code, t.expected.code, tail(r.stderr))
	}
	if f := same(t.w.outputs(), t.want, ""); f != nil {
		f.detail += "\n" + tail(r.stderr)
		return where(what, f)
	}
	return nil
}

// traced are the system calls that are killed at and made to fail: those on files. Those that the
// language's own runtime needs for memory and threads are left alone. A ? is before names that not
// every machine has.
var traced = []string{
	"openat", "read", "pread64", "write", "pwrite64", "?rename", "renameat", "?renameat2", "fsync", "?fdatasync", "?mkdir", "mkdirat", "?unlink", "unlinkat",
	"ftruncate", "fallocate", "getdents64", "?newfstatat", "?fstat", "?lstat", "?stat", "statx", "flock", "fcntl", "?copy_file_range", "?chmod", "fchmodat",
	"fchmod", "lseek", "?readlink", "readlinkat", "ioctl", "close", "mmap", "?link", "linkat", "?symlink", "symlinkat", "utimensat", "?faccessat2", "?statfs", "?fstatfs",
}

// haveStrace says whether system calls can be traced here.
func haveStrace() bool {
	return exec.Command("strace", "-f", "-o", os.DevNull, "-e", "trace=none", "true").Run() == nil
}

// strace is the command that a program is run below. Calls are counted for each thread by itself.
func (t *testbed) strace(log, call, inject string) []string {
	return []string{"strace", "-f", "-qq", "--seccomp-bpf", "-o", log, "-e", "trace=" + call, "-e", "inject=" + call + ":" + inject}
}

// calls counts how often a thread does each of the traced system calls in a build: the most of any thread.
func (t *testbed) calls(empty bool) (map[string]int, error) {
	if err := t.reset(empty); err != nil {
		return nil, err
	}
	log := filepath.Join(filepath.Dir(t.w.dir), "strace")
	defer os.Remove(log)
	t.w.wrapped([]string{"strace", "-f", "-qq", "--seccomp-bpf", "-o", log, "-e", "trace=" + strings.Join(traced, ",")}, t.w.stepArgs(t.step)...)
	text, err := os.ReadFile(log)
	if err != nil {
		return nil, err
	}
	threads := map[[2]string]int{}
	most := map[string]int{}
	for line := range strings.Lines(string(text)) {
		if m := tracedCall.FindStringSubmatch(line); m != nil {
			key := [2]string{m[1], m[2]}
			threads[key]++
			most[m[2]] = max(most[m[2]], threads[key])
		}
	}
	return most, nil
}

var tracedCall = regexp.MustCompile(`^(\d+) +([a-z0-9_]+)\(`)

// injected returns the line of a log that shows which call was hit.
func injected(log, sign string) string {
	text, err := os.ReadFile(log)
	if err != nil {
		return ""
	}
	lines := strings.Split(string(text), "\n")
	for i, line := range lines {
		if strings.Contains(line, sign) {
			if sign == killedSign && i > 0 {
				return lines[i-1]
			}
			return line
		}
	}
	return ""
}

const (
	killedSign = "+++ killed by SIGKILL"
	failedSign = "(INJECTED)"
)

// callNames returns the system calls that a build does, sorted.
func callNames(most map[string]int) []string {
	var out []string
	for name := range most {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

func when(n int) string { return ":when=" + strconv.Itoa(n) }
