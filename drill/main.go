// Command drill looks for faults of sbomctl from outside, through the real program.
//
//	go run ./drill                          about a minute
//	go run ./drill --seconds=3600           an hour
//	go run ./drill --only=damage --seed=7   one drill, from one seed
//
// # Model
//
// A world is a folder with a workspace and what that reaches outside of itself. A generator makes
// worlds and changes of them from a seed: trees that are folders, archives, links, git checkouts and
// the workspace itself; nested packages; rules and macros of their own. The oracle is the program
// itself with an empty cache, in a copy of the world at another path: exit code, outputs, what is
// printed and what is said must be equal, and the same build again runs nothing.
//
//	edits    random edits, each build held against a clean one; a failing sequence is made smaller
//	kills    builds that are killed, at events and (with strace) at system calls
//	faults   system calls that fail (with strace): no space, no permission, an error of the disk
//	damage   every file of the cache, in turn, damaged in many ways; links to a victim outside
//	crowd    many processes in workspaces that share a cache, with clean and deletions beside them
//
// Whatever is done, a program never hangs, never ends with a stack trace, never exits with 0 beside
// a wrong or missing output, and the next build needs no hand.
//
// All but crowd do the same for the same seed; a seed is of one world, and the next world has the next
// one. A failure is told with its seed and the smallest sequence that shows it, and the exit code is 1.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"
)

// drill is one way of looking.
type drill struct {
	name  string
	what  string
	share int // of the time, in hundredths
	run   func(s *session) error
}

var drills = []drill{
	{"edits", "random edits of random workspaces", 50, random},
	{"kills", "builds that are killed", 12, kills},
	{"faults", "system calls that fail", 13, faults},
	{"damage", "damaged files of the cache", 13, damage},
	{"crowd", "many processes at once", 12, crowd},
}

// session is the run of one drill.
type session struct {
	ctx      context.Context // ends when the drill is interrupted
	out      io.Writer
	temp     string
	program  string // the binary under test; each world has a copy
	seed     uint64
	skip     []string
	steps    int // 0: until the deadline
	deadline time.Time
	goOn     bool     // after a failure
	allow    []string // kinds of failure that are not told

	name     string
	trials   int
	worlds   int
	builds   int // processes started
	good     int // trials of edits whose build exits with 0
	failures map[string]int
}

// more says whether another trial is due.
func (s *session) more() bool {
	if s.ctx.Err() != nil || len(s.failures) > 0 && !s.goOn {
		return false
	}
	if s.steps > 0 {
		return s.trials < s.steps
	}
	return time.Now().Before(s.deadline)
}

// newWorld makes an empty world with the program in a place of its own.
func (s *session) newWorld() (*world, error) {
	s.worlds++
	dir := filepath.Join(s.temp, fmt.Sprintf("%s%d", s.name, s.worlds))
	w := &world{dir: filepath.Join(dir, "world"), cache: filepath.Join(dir, "cache"), program: filepath.Join(dir, "sbomctl"), builds: &s.builds}
	for _, d := range []string{w.path("ws"), w.path("home")} {
		if err := os.MkdirAll(d, 0o777); err != nil {
			return nil, err
		}
	}
	return w, os.Link(s.program, w.program)
}

// counts says that a failure is of no kind that was asked to be left out.
func (s *session) counts(f *failure) bool {
	return !slices.Contains(s.allow, strings.ReplaceAll(f.kind, " ", "-"))
}

// numbers are what differs between two reports of one fault.
var numbers = regexp.MustCompile(`[0-9a-f]*[0-9][0-9a-f]*`)

// found reports a failure; further ones that say the same but for numbers are only counted.
func (s *session) found(seed uint64, f *failure, sequence string) {
	if !s.counts(f) {
		return
	}
	first, _, _ := strings.Cut(f.detail, "\n")
	key := numbers.ReplaceAllString(f.kind+": "+first, "")
	if s.failures == nil {
		s.failures = map[string]int{}
	}
	s.failures[key]++
	if s.failures[key] > 1 {
		return
	}
	fmt.Fprintf(s.out, "%s: FAIL, seed %d: %s\n%s  %s\n  again: go run ./drill --only=%s --seed=%d\n",
		s.name, seed, f.kind, sequence, strings.ReplaceAll(strings.TrimSpace(f.detail), "\n", "\n  "), s.name, seed)
}

func main() {
	var (
		seed    = flag.Uint64("seed", 1, "seed of the first world")
		seconds = flag.Int("seconds", 60, "how long all drills take together")
		steps   = flag.Int("steps", 0, "do so many steps of each drill, however long they take")
		only    = flag.String("only", "", "run this drill: "+names())
		skip    = flag.String("skip", "", "leave out these edits, separated by commas")
		binary  = flag.String("binary", "", "the program; it is built from this repository without")
		allow   = flag.String("allow", "", "say nothing of failures of these kinds, with - for a blank, separated by commas")
		goOn    = flag.Bool("go_on", false, "go on after a failure")
	)
	flag.Parse()
	if flag.NArg() > 0 || *only != "" && !slices.ContainsFunc(drills, func(d drill) bool { return d.name == *only }) {
		fmt.Fprintln(os.Stderr, "drill: it takes flags only, and --only one of "+names())
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	base := session{ctx: ctx, out: os.Stdout, seed: *seed, skip: strings.Split(*skip, ","), steps: *steps, goOn: *goOn, allow: strings.Split(*allow, ",")}
	failures, err := run(base, *only, *binary, *seconds)
	if err != nil {
		fmt.Fprintln(os.Stderr, "drill:", err)
	}
	if ctx.Err() != nil {
		fmt.Fprintln(os.Stderr, "drill: interrupted")
	}
	if err != nil || failures > 0 || ctx.Err() != nil {
		os.Exit(1)
	}
}

func names() string {
	var all []string
	for _, d := range drills {
		all = append(all, d.name)
	}
	return strings.Join(all, ", ")
}

func run(base session, only, binary string, seconds int) (failures int, err error) {
	temp, err := os.MkdirTemp("", "sbomctl-drill-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(temp)
	// Messages name files by their real paths; the oracle leaves out the world's.
	if base.temp, err = filepath.EvalSymlinks(temp); err != nil {
		return 0, err
	}
	base.program = filepath.Join(base.temp, "sbomctl")
	if err := program(binary, base.program); err != nil {
		return 0, err
	}
	for _, d := range drills {
		if only != "" && d.name != only {
			continue
		}
		s := base
		start := time.Now()
		allowed := time.Duration(seconds) * time.Second
		if only == "" {
			allowed = allowed * time.Duration(d.share) / 100
		}
		s.name, s.deadline = d.name, start.Add(allowed)
		if err := d.run(&s); err != nil {
			return failures, fmt.Errorf("%s: %w", d.name, err)
		}
		failures += len(s.failures)
		steps := fmt.Sprint(s.trials, " steps")
		if s.good > 0 {
			steps += fmt.Sprintf(" (%d with exit code 0)", s.good)
		}
		fmt.Fprintf(s.out, "%-7s %s: seed %d, %s, %d worlds, %d processes, %d failures, %.1f s\n",
			d.name, d.what, s.seed, steps, s.worlds, s.builds, len(s.failures), time.Since(start).Seconds())
	}
	return failures, nil
}

// program puts the binary under test at a path.
func program(binary, path string) error {
	if binary == "" {
		build := exec.Command("go", "build", "-o", path, "./cmd/sbomctl")
		build.Stderr = os.Stderr
		root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
		if err != nil {
			return fmt.Errorf("run it inside the repository, or give --binary: %w", err)
		}
		build.Dir = strings.TrimSpace(string(root))
		return build.Run()
	}
	b, err := os.ReadFile(binary)
	if err != nil {
		return err
	}
	return os.WriteFile(path, b, 0o777)
}
