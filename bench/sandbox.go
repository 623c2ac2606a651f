package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/sbomctl/sbomctl/engine/sandbox"
)

// sandboxed measures what a sandbox costs over its command, which does nothing: with all limits, and a folder that it
// may write to. Single runs take milliseconds, so that many make a figure.
func sandboxed(b *bench) error {
	bwrap, err := sandbox.Find()
	if err == nil {
		err = bwrap.Probe(context.Background())
	}
	if err != nil {
		fmt.Printf("skipped: %v\n", err)
		return nil
	}
	program, err := exec.LookPath("true")
	if err != nil {
		return err
	}
	if program, err = filepath.EvalSymlinks(program); err != nil {
		return err
	}
	work := filepath.Join(b.temp, "work")
	if err := os.Mkdir(work, 0o777); err != nil {
		return err
	}
	p := &sandbox.Process{
		Root: "/", Command: []string{program}, Umask: 0o022, Bubblewrap: bwrap,
		Mounts: []sandbox.Mount{{Source: work, Target: "/mnt", Writable: true}},
		Limits: sandbox.Limits{Wall: time.Minute, CPU: time.Minute, Memory: 1 << 30, Processes: 1000, OpenFiles: 1024, Disk: 1 << 30, Output: 1 << 20},
	}
	inside := func() error {
		exit, err := p.Run(context.Background())
		if err == nil && !exit.Success() {
			err = fmt.Errorf("%s in a sandbox %s", program, exit)
		}
		return err
	}
	outside := func() error { return exec.Command(program).Run() }

	var with, without, over []time.Duration
	for i := range 20*b.n + 1 {
		x, err := timed(inside)
		if err != nil {
			return err
		}
		y, err := timed(outside)
		if err != nil {
			return err
		}
		if i > 0 {
			with, without, over = append(with, x), append(without, y), append(over, x-y)
		}
	}
	ratio := median(with).Seconds() / median(without).Seconds()
	b.rows = append(b.rows, row{Name: "a command that does nothing", Wall: median(with).Seconds(), Floor: "without a sandbox", Other: median(without).Seconds(), Ratio: ratio})
	fmt.Printf("%-44s %9s %36s  without %s, so %s more  (target 20 ms more)\n",
		"a command that does nothing", ms(median(with)), spread(with), ms(median(without)), ms(median(over)))
	return nil
}

func timed(f func() error) (time.Duration, error) {
	start := time.Now()
	err := f()
	return time.Since(start), err
}
