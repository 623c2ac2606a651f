package main

import (
	"bufio"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
)

// A million small files. Their bytes do not matter: a build in which nothing changed reads none.
var millionShape = shape{groups: 400, packages: 50, files: 50, meanFileBytes: 16}

// million measures a build in which nothing changed. The floor asks the kernel for the state of
// each file, with two threads, and does nothing else.
func million(b *bench) error {
	dir := filepath.Join(b.temp, "workspace")
	if err := millionShape.write(dir); err != nil {
		return err
	}
	list := filepath.Join(b.temp, "files")
	if err := listFiles(filepath.Join(dir, "src"), list); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	floor := step{name: "lstat of all, two threads", cmd: func() *exec.Cmd {
		cmd := exec.Command(self)
		cmd.Env = append(os.Environ(), "SBOMCTL_BENCH_LSTAT="+list)
		return cmd
	}}
	build := command(dir, b.sbomctl, "build", "--jobs=2", "--disk_cache="+filepath.Join(b.temp, "cache"), "//:sboms")
	first, err := step{name: "first build", cmd: build}.run()
	if err != nil {
		return err
	}
	fmt.Printf("%-44s %9s  peak %d MB  (target 1024 MB)\n", "empty cache, once", ms(first.wall), first.maxRSS>>20)
	// Files that are as new as the clock is coarse are read again in the next build; the one after trusts them.
	if _, err := (step{name: "second build", cmd: build}).run(); err != nil {
		return err
	}
	return b.against(step{name: "a million files, nothing changed", cmd: build}, floor, "1.3, 1024 MB")
}

// listFiles writes the paths of the files below dir, one a line.
func listFiles(dir, list string) error {
	f, err := os.Create(list)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			fmt.Fprintln(w, path)
		}
		return err
	})
	if err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}

// lstatAll asks for the state of each file of a list, with two threads.
func lstatAll(list string) error {
	text, err := os.ReadFile(list)
	if err != nil {
		return err
	}
	paths := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	errs := make([]error, 2)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			var st syscall.Stat_t
			for _, p := range paths[i*len(paths)/len(errs) : (i+1)*len(paths)/len(errs)] {
				if err := syscall.Lstat(p, &st); err != nil {
					errs[i] = fmt.Errorf("%s: %w", p, err)
				}
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func init() {
	if list := os.Getenv("SBOMCTL_BENCH_LSTAT"); list != "" {
		if err := lstatAll(list); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
}
