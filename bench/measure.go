package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"time"
)

// step is one side of a comparison. Before runs untimed before each run.
type step struct {
	name   string
	before func() error
	cmd    func() *exec.Cmd
	after  func() error
	exit   int // an exit code beside 0 that is no failure of the benchmark
}

// figure is what one run took.
type figure struct {
	wall   time.Duration
	maxRSS int64 // bytes
}

func (s step) run() (figure, error) {
	if s.before != nil {
		if err := s.before(); err != nil {
			return figure{}, err
		}
	}
	cmd := s.cmd()
	var out bytes.Buffer
	if cmd.Stdout == nil {
		cmd.Stdout = &out
	}
	cmd.Stderr = &out
	start := time.Now()
	err := cmd.Run()
	f := figure{wall: time.Since(start)}
	if err != nil && (s.exit == 0 || cmd.ProcessState.ExitCode() != s.exit) {
		return f, fmt.Errorf("%s: %w\n%s", s.name, err, out.Bytes())
	}
	f.maxRSS = maxRSS(cmd.ProcessState)
	if s.after != nil {
		return f, s.after()
	}
	return f, nil
}

// warmUps is how many runs are not counted: a benchmark of minutes that runs once has none.
func (b *bench) warmUps() int { return min(b.n-1, 1) }

// alone runs a step n times after a warm-up and prints its median.
func (b *bench) alone(s step, target string) (time.Duration, error) {
	var walls []time.Duration
	var rss int64
	for i := range b.n + b.warmUps() {
		f, err := s.run()
		if err != nil {
			return 0, err
		}
		if i >= b.warmUps() {
			walls = append(walls, f.wall)
		}
		rss = max(rss, f.maxRSS)
	}
	b.rows = append(b.rows, row{Name: s.name, Wall: median(walls).Seconds(), PeakMB: rss >> 20})
	fmt.Printf("%-44s %9s %36s  peak %d MB  (target %s)\n", s.name, ms(median(walls)), spread(walls), rss>>20, target)
	return median(walls), nil
}

// against runs subject and floor in turn, after one warm-up of each, and prints the ratio.
func (b *bench) against(subject, floor step, target string) error {
	var a, f []time.Duration
	var ratios []float64
	var rss int64
	for i := range b.n + b.warmUps() {
		x, err := subject.run()
		if err != nil {
			return err
		}
		y, err := floor.run()
		if err != nil {
			return err
		}
		if i < b.warmUps() {
			continue
		}
		a, f = append(a, x.wall), append(f, y.wall)
		ratios = append(ratios, x.wall.Seconds()/y.wall.Seconds())
		rss = max(rss, x.maxRSS)
	}
	b.rows = append(b.rows, row{Name: subject.name, Wall: median(a).Seconds(), Floor: floor.name, Other: median(f).Seconds(), Ratio: median(ratios), PeakMB: rss >> 20})
	fmt.Printf("%-44s %9s  %-24s %9s  ratio %.2f  peak %d MB  (target %s)\n",
		subject.name, ms(median(a)), floor.name, ms(median(f)), median(ratios), rss>>20, target)
	return nil
}

func median[T time.Duration | float64](v []T) T {
	v = slices.Clone(v)
	slices.Sort(v)
	return v[len(v)/2]
}

func spread(v []time.Duration) string {
	return "(" + ms(slices.Min(v)) + " to " + ms(slices.Max(v)) + ")"
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", d.Seconds()*1000) }

// command returns a function that makes the command anew for each run.
func command(dir string, args ...string) func() *exec.Cmd {
	return func() *exec.Cmd {
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Dir = dir
		return cmd
	}
}

// toNull is command with standard output thrown away by the kernel, as a shell's >/dev/null.
func toNull(dir string, args ...string) func() *exec.Cmd {
	return func() *exec.Cmd {
		cmd := command(dir, args...)()
		null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
		if err == nil {
			cmd.Stdout = null
		}
		return cmd
	}
}
