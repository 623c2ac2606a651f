package main

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/sbomctl/sbomctl/engine/outdir"
)

// world is a folder that holds a workspace and what it reaches outside of itself:
//
//	ws/        the workspace
//	outside/   trees that overrides and links lead to
//	home/      the user's home; empty
//
// The program and the cache lie beside it.
type world struct {
	dir     string
	cache   string
	program string
	builds  *int // processes started
}

// outDir is where sbomctl puts its outputs, relative to a world.
const outDir = "ws/sbom-out"

// patience is how long a process may take; one that takes longer hangs.
const patience = 60 * time.Second

func (w *world) path(name string) string { return filepath.Join(w.dir, filepath.FromSlash(name)) }

func (w *world) env() []string {
	home := w.path("home")
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "XDG_CACHE_HOME=" + filepath.Join(home, "cache"), "GIT_CONFIG_NOSYSTEM=1"}
}

// result is what a process did.
type result struct {
	code           int // -1: ended by a signal
	stdout, stderr string
	hung           bool
}

// sbomctl runs the program in the workspace.
func (w *world) sbomctl(args ...string) result { return w.wrapped(nil, args...) }

// wrapped runs the program below another one, such as strace.
func (w *world) wrapped(wrapper []string, args ...string) result {
	all := append(append(append([]string{}, wrapper...), w.program), args...)
	return w.start(all).wait()
}

// process is a process that was started; it has a process group of its own.
type process struct {
	cmd            *exec.Cmd
	ctx            context.Context
	cancel         context.CancelFunc
	stdout, stderr bytes.Buffer
	err            error
}

func (w *world) start(args []string) *process {
	*w.builds++
	p := &process{}
	p.ctx, p.cancel = context.WithTimeout(context.Background(), patience)
	p.cmd = exec.CommandContext(p.ctx, args[0], args[1:]...)
	p.cmd.Dir, p.cmd.Env = w.path("ws"), w.env()
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.cmd.Cancel = p.kill
	p.err = p.cmd.Start()
	return p
}

// kill ends the process and those that it started.
func (p *process) kill() error { return syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) }

func (p *process) wait() result {
	defer p.cancel()
	if p.err != nil {
		return result{code: -1, stderr: p.err.Error()}
	}
	err := p.cmd.Wait()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		p.stderr.WriteString(err.Error())
	}
	return result{p.cmd.ProcessState.ExitCode(), p.stdout.String(), p.stderr.String(), p.ctx.Err() == context.DeadlineExceeded}
}

// build runs `sbomctl build` with the world's cache.
func (w *world) build(args ...string) result { return w.sbomctl(w.buildArgs(args)...) }

func (w *world) buildArgs(args []string) []string {
	return append([]string{"build", "--color=no", "--curses=no", "--disk_cache=" + w.cache}, args...)
}

// outputs returns the bytes of everything below sbom-out but the record of what was placed, which knows more of
// earlier builds than a clean one can.
func (w *world) outputs() map[string]string {
	out := filesBelow(w.path(outDir))
	maps.DeleteFunc(out, func(name, _ string) bool { return outdir.Reserved(name) })
	return out
}

// filesBelow returns the bytes of the files below a folder; what is no file is named by its kind.
func filesBelow(dir string) map[string]string {
	out := map[string]string{}
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil // not there, or it went away beside us
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if b, err := readRegular(path); err == nil {
			out[filepath.ToSlash(rel)] = string(b)
		} else {
			out[filepath.ToSlash(rel)] = d.Type().String()
		}
		return nil
	})
	return out
}

// copyTo copies workspace and outside, with the outputs or without them, to another world.
func (w *world) copyTo(to *world, outputs bool) error {
	for _, part := range []string{"ws", "outside"} {
		if err := copyTree(w.path(part), to.path(part), !outputs); err != nil {
			return err
		}
	}
	return os.MkdirAll(to.path("home"), 0o777)
}

// copyTree copies files, folders, links and pipes. Modification times are those of the copying.
func copyTree(from, to string, skipOutputs bool) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			if errors.Is(err, fs.ErrNotExist) && path == from {
				return nil
			}
			return err
		}
		dest := to + strings.TrimPrefix(path, from)
		info, err := d.Info()
		if err != nil {
			return err
		}
		switch {
		case d.IsDir():
			if skipOutputs && path == filepath.Join(from, filepath.Base(outDir)) {
				return filepath.SkipDir
			}
			return os.MkdirAll(dest, 0o777)
		case d.Type()&fs.ModeSymlink != 0:
			target, err := os.Readlink(path)
			if err != nil {
				return err
			}
			return os.Symlink(target, dest)
		case d.Type()&fs.ModeNamedPipe != 0:
			return syscall.Mkfifo(dest, 0o666)
		case !d.Type().IsRegular():
			return nil
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := os.WriteFile(dest, b, 0o666); err != nil {
			return err
		}
		return os.Chmod(dest, info.Mode().Perm())
	})
}
