package container

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/sandbox"
)

// engine runs the command under Docker or Podman, by digest. Both bring the image themselves, so a layout or what the cache has of it is
// not looked at.
func (t *trial) engine(ctx context.Context) error {
	j, s := t.job, t.job.spec
	program, err := exec.LookPath(string(t.r.Runtime))
	if err != nil {
		return &diag.Error{Msg: fmt.Sprintf("--container_runtime=%s: there is no program %[1]s in PATH", t.r.Runtime),
			Hints: []string{"without the flag commands are run under bubblewrap, which needs no engine"}}
	}
	if j.perturb {
		return &diag.Error{Msg: fmt.Sprintf("%s is to be run perturbed, which %s cannot do", s, t.r.Runtime),
			Hints: []string{"leave out --container_runtime=" + string(t.r.Runtime)}}
	}
	if strings.Contains(t.work.tree(), ":") {
		return &diag.Error{Msg: fmt.Sprintf("%s cannot be given the folder %s: a colon ends its name", t.r.Runtime, t.work.tree()),
			Hints: []string{"--disk_cache=DIR names another folder for the cache"}}
	}
	if err := lay(ctx, t.r.store, s, t.work.tree(), plain); err != nil {
		return err
	}
	name := "sbomctl-" + t.work.name
	ctx, cancel := context.WithTimeoutCause(ctx, j.timeout, errTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, t.engineArgs(name, t.work.tree(), false)...)
	cmd.Stdout = &limited{w: t.log, left: limits.Output}
	cmd.Stderr = cmd.Stdout
	// Killing the client would leave the container: it is removed, whereupon the client ends.
	cmd.Cancel = func() error {
		patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), removing)
		defer cancel()
		_ = exec.CommandContext(patience, program, "rm", "--force", name).Run() // what does not answer cannot be told
		return cmd.Process.Kill()
	}
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case errors.Is(context.Cause(ctx), errTimeout):
		err = t.failure(fmt.Sprintf("was killed: it took more than %s of time", j.timeout), "timeout = SECONDS gives it more time")
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &exit):
		how := fmt.Sprintf("exited with code %d", exit.ExitCode())
		if exit.ExitCode() == 125 { // by which both say that it was not the command that failed
			how = fmt.Sprintf("was not run: %s says why", t.r.Runtime)
		}
		err = t.failure(how)
	case err != nil:
		return &diag.Error{Msg: fmt.Sprintf("%s cannot be run by %s: %v", s, program, err), Err: err}
	default:
		err = t.missing(t.gather(ctx, t.work.tree()))
	}
	if err != nil || t.r.Debug {
		return t.lookAround(err, func(tree string) (string, error) {
			return sandbox.ShellLine(append([]string{program}, t.engineArgs(name, tree, true)...)), nil
		})
	}
	return nil
}

// removing is how long the removal of a container may take.
const removing = 10 * time.Second

var errTimeout = errors.New("the command's time is over")

// engineArgs are the arguments of docker and podman, which have them in common but for who owns the tree.
func (t *trial) engineArgs(name, tree string, shell bool) []string {
	j, s := t.job, t.job.spec
	args := []string{"run", "--rm", "--name", name, "--hostname", hostname, "--platform", j.image.Platform.String(), "--pull", "missing",
		"--read-only", "--tmpfs", "/tmp", "--tmpfs", "/run", "--tmpfs", "/var/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges",
		"--security-opt", "label=disable", // or SELinux keeps it from its tree
		"--pids-limit", fmt.Sprint(limits.Processes), "--memory", fmt.Sprint(limits.Memory),
		"--volume", tree + ":" + j.mount, "--workdir", j.dir()}
	if t.r.Runtime == Podman {
		// What it pulls is not what the command prints. Its own limits are above what root may set on some machines.
		args = append(args, "--quiet", "--ulimit", fmt.Sprintf("nofile=%d", limits.OpenFiles), "--ulimit", "nproc=32768")
		// Docker's daemon knows by itself which registries it may ask by plain http.
		if j.image.Insecure {
			args = append(args, "--tls-verify=false")
		}
		if os.Geteuid() != 0 {
			args = append(args, "--userns", "keep-id")
		}
	}
	args = append(args, "--user", fmt.Sprintf("%d:%d", os.Geteuid(), os.Getegid()))
	if !j.network {
		args = append(args, "--network", "none")
	}
	for _, v := range s.Environment {
		args = append(args, "--env", v.Name+"="+v.Value)
	}
	command := s.Command
	if shell {
		args, command = append(args, "--interactive", "--tty"), []string{"/bin/sh"}
	}
	// What the image would run instead is replaced, too.
	args = append(args, "--entrypoint", command[0], j.image.String())
	return append(args, command[1:]...)
}

// limited drops what comes after the first bytes.
type limited struct {
	w    io.Writer
	left int64
}

func (l *limited) Write(p []byte) (int, error) {
	n := min(int64(len(p)), l.left)
	l.left -= n
	if _, err := l.w.Write(p[:n]); err != nil {
		return 0, err
	}
	return len(p), nil
}
