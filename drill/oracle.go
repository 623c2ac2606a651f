package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// failure is something that must not be. Two failures of one kind are taken for the same fault while
// a sequence is being shrunk.
type failure struct {
	kind   string // a few words; those of the flag --allow
	detail string
}

func failed(kind, format string, args ...any) *failure {
	return &failure{kind, fmt.Sprintf(format, args...)}
}

// crashed says of any process that it hung or died of itself, whatever was done to it.
func crashed(r result) *failure {
	if r.hung {
		return failed("hang", "not done after %s\n%s", patience, r.stderr)
	}
	if runtimeDied(r) {
		return nil
	}
	for _, trace := range []string{"goroutine ", "panic:", "fatal error", "SIGSEGV", "SIGBUS", "internal error"} {
		if strings.Contains(r.stderr, trace) {
			return failed("stack trace", "exit %d\n%s", r.code, r.stderr)
		}
	}
	return nil
}

// runtimeDied says that a system call failed which is the loader's or the language's own: that ends every
// program in it.
func runtimeDied(r result) bool {
	const cannotBeLoaded = 127
	return r.code == cannotBeLoaded || slices.ContainsFunc([]string{"runtime: netpoll", "runtime: epoll", "runtime: eventfd", "runtime: cannot allocate", "runtime: out of memory"},
		func(s string) bool { return strings.Contains(r.stderr, s) })
}

var summary = regexp.MustCompile(`(?m)^sbomctl: (?:build failed: )?(\d+) ran, .*$`)

// ranNothing checks a build of what was just built.
func ranNothing(r result) *failure {
	if m := summary.FindStringSubmatch(r.stderr); m != nil && m[1] != "0" {
		return failed("ran again", "the same build again: %s", r.stderr)
	}
	return nil
}

// messages are the errors and warnings that a build wrote, sorted, with the world's path left out.
func (w *world) messages(r result) []string {
	var out []string
	for line := range strings.Lines(r.stderr) {
		if strings.HasPrefix(line, "sbomctl: error: ") || strings.HasPrefix(line, "sbomctl: warning: ") {
			out = append(out, strings.ReplaceAll(strings.TrimSpace(line), w.dir, "WORLD"))
		}
	}
	slices.Sort(out)
	return out
}

// same compares outputs below a folder of sbom-out.
func same(got, want map[string]string, below string) *failure {
	var wrong []string
	kind := "stale output"
	for name, text := range want {
		if g, ok := got[name]; strings.HasPrefix(name, below) && !ok {
			wrong, kind = append(wrong, name+" is missing"), "missing output"
		} else if strings.HasPrefix(name, below) && g != text {
			wrong, kind = append(wrong, fmt.Sprintf("%s has other bytes: %s", name, difference(g, text))), "wrong output"
		}
	}
	for name := range got {
		if _, ok := want[name]; strings.HasPrefix(name, below) && !ok {
			wrong = append(wrong, name+" should not be there")
		}
	}
	if wrong == nil {
		return nil
	}
	slices.Sort(wrong)
	return failed(kind, "%s", strings.Join(wrong, "\n"))
}

// difference shows the first line that differs.
func difference(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("line %d is %.120q, expected %.120q", i+1, a[i], b[i])
		}
	}
	return fmt.Sprintf("%d lines, expected %d", len(a), len(b))
}

// scope returns the folder of sbom-out below which a command decides what is there, and false when it
// decides over single files only.
func scope(args []string) (string, bool) {
	switch {
	case strings.Contains(strings.Join(args, " "), " -//"):
		return "", false
	case args[0] == "//...":
		return "", true
	case strings.HasSuffix(args[0], "/..."):
		return strings.TrimSuffix(strings.TrimPrefix(args[0], "//"), "..."), true
	}
	return "", false
}

// against holds the incremental build of a step against one of a copy with an empty cache. It returns the
// first failure that counts.
func (w *world) against(s step, r result, counts func(*failure) bool) *failure {
	if f := crashed(r); f != nil {
		return f
	}
	fresh, err := os.MkdirTemp(filepath.Dir(w.dir), "fresh-")
	if err != nil {
		return failed("drill", "%v", err)
	}
	defer os.RemoveAll(fresh)
	c := &world{dir: filepath.Join(fresh, "world"), cache: filepath.Join(fresh, "cache"), program: w.program, builds: w.builds}
	if err := w.copyTo(c, false); err != nil {
		return failed("drill", "%v", err)
	}
	clean := c.build(append(slices.Clone(s.args), "--jobs=2")...)
	placed := w.outputs()
	again := w.buildStep(s)
	// A build that stops at its first error has not made everything, and the next one gets further.
	stopped := r.code != 0 && !slices.Contains(s.args, "-k")
	for _, check := range []func() *failure{
		func() *failure { return inClean(crashed(clean)) },
		func() *failure { return inClean(printedAll(clean, c.outputs())) },
		func() *failure { return w.equal(s, r, placed, c, clean, stopped) },
		func() *failure { return crashed(again) },
		func() *failure { return unless(stopped, ranNothing(again)) },
		func() *failure { return unless(stopped, same(w.outputs(), placed, "")) },
		func() *failure { return inRepeated(w.equal(s, again, w.outputs(), c, clean, stopped)) },
	} {
		if f := check(); f != nil && counts(f) {
			return f
		}
	}
	return nil
}

func inClean(f *failure) *failure    { return where("in a clean build", f) }
func inRepeated(f *failure) *failure { return where("in the same build again", f) }

func unless(not bool, f *failure) *failure {
	if not {
		return nil
	}
	return f
}

func where(place string, f *failure) *failure {
	if f != nil {
		f.detail = place + ": " + f.detail
	}
	return f
}

// equal holds what a build did against what a clean one did.
func (w *world) equal(s step, r result, outputs map[string]string, c *world, clean result, stopped bool) *failure {
	if r.code != clean.code {
		return failed("exit code", "exit %d, a clean build exits %d\n%s\nthe clean build:\n%s", r.code, clean.code, tail(r.stderr), tail(clean.stderr))
	}
	if stopped {
		return nil // what was built before the first error is a matter of chance
	}
	want, got := c.outputs(), maps.Clone(outputs)
	below, whole := scope(s.args)
	if !whole {
		for name := range got {
			if _, ok := want[name]; !ok {
				delete(got, name) // of another command
			}
		}
	}
	if f := same(got, want, below); f != nil && (f.kind != "stale output" || summary.MatchString(clean.stderr)) { // else the command itself is wrong
		f.detail += "\n" + tail(r.stderr)
		return f
	}
	if r.stdout != clean.stdout {
		return failed("other list of outputs", "printed\n%s, a clean build\n%s", r.stdout, clean.stdout)
	}
	if a, b := w.messages(r), c.messages(clean); !slices.Equal(a, b) {
		return failed("other messages", "it says\n  %s\na clean build says\n  %s", strings.Join(a, "\n  "), strings.Join(b, "\n  "))
	}
	return nil
}

// printedAll checks that what a build printed is there.
func printedAll(r result, outputs map[string]string) *failure {
	for line := range strings.Lines(r.stdout) {
		name := strings.TrimPrefix(strings.TrimSpace(line), "sbom-out/")
		if _, ok := outputs[name]; !ok {
			return failed("missing output", "it exits with %d, prints %s and does not make it", r.code, name)
		}
	}
	return nil
}

// tail is the end of what a process wrote.
func tail(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[max(0, len(lines)-12):], "\n")
}
