package container

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/sbomctl/sbomctl/cache/reapi"
	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/rootfs"
	"github.com/sbomctl/sbomctl/engine/sandbox"
)

// Limits of a command that nobody declares. They are there so that a command that went wild does not take the machine with it, and are
// many times what builds use; none of them is part of a key, since a command that meets one fails.
var limits = sandbox.Limits{
	Memory:    8 << 30,
	Processes: 2000,
	OpenFiles: 8192,
	FileSize:  maxOutput,
	Disk:      16 << 30,
	Output:    64 << 20,
}

// Who a command takes itself for: nobody in particular, with no rights of root.
const (
	userID   = 1000
	hostname = "sandbox"
	umask    = 0o022
)

// defaultPath is what Docker takes for an image that names no PATH.
const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// environment is what a command finds in its environment: what the image has, and over that what the Spec says. Sorted.
func environment(image []string, declared []reapi.Property) []string {
	all := map[string]string{"PATH": defaultPath}
	for _, v := range image {
		if name, value, ok := strings.Cut(v, "="); ok && name != "" {
			all[name] = value
		}
	}
	for _, v := range declared {
		all[v.Name] = v.Value
	}
	out := make([]string, 0, len(all))
	for name, value := range all {
		out = append(out, name+"="+value)
	}
	slices.Sort(out)
	return out
}

// bubblewrap runs the command under bubblewrap.
func (t *trial) bubblewrap(ctx context.Context) error {
	b, err := sandbox.Find() // before an image is fetched in vain
	if err != nil {
		return err
	}
	root, err := t.r.unpacked(ctx, t.job.image)
	if err != nil {
		return err
	}
	p := t.process(root, b)
	if t.job.perturb {
		return t.perturbed(ctx, p, root)
	}
	if err := lay(ctx, t.r.store, t.job.spec, t.work.tree(), plain); err != nil {
		return err
	}
	p.Mounts = []sandbox.Mount{{Source: t.work.tree(), Target: t.job.mount, Writable: true}}
	exit, err := p.Run(ctx)
	if err != nil {
		return t.notRun(err)
	}
	err = t.ended(exit)
	if err == nil {
		err = t.missing(t.gather(ctx, t.work.tree()))
	}
	if err != nil || t.r.Debug {
		return t.lookAround(err, func(tree string) (string, error) {
			p.Mounts[0].Source = tree
			p.Command = []string{"/bin/sh"}
			return p.CommandLine()
		})
	}
	return nil
}

// process is the command as bubblewrap runs it, without its tree.
func (t *trial) process(root *rootfs.Root, b *sandbox.Bubblewrap) *sandbox.Process {
	l := limits
	l.Wall = t.job.timeout
	return &sandbox.Process{
		Root: root.Path, Command: t.job.spec.Command, Env: environment(root.Config.Env, t.job.spec.Environment), Dir: t.job.dir(),
		Hostname: hostname, UID: userID, GID: userID, Umask: umask, Network: t.job.network,
		Limits: l, Bubblewrap: b, Output: t.log,
	}
}

// notRun says of an error of the sandbox what its root folder is, and what could not be written.
func (t *trial) notRun(err error) error {
	var d *diag.Error
	var p *fs.PathError
	switch {
	case errors.As(err, &d):
		d.Msg = strings.ReplaceAll(d.Msg, "the root folder", "the image "+t.job.image.Repository)
	case errors.As(err, &p):
		return diskError("keep what "+t.job.spec.String()+" prints", err)
	}
	return err
}

// missing adds to the error of an output that was not made what the command printed: it may say why.
func (t *trial) missing(err error) error {
	if err == nil {
		return nil
	}
	return withLines(err, action.Tail(t.printed()))
}

// sourceDate is when the files of a tree were modified.
var sourceDate = time.Unix(action.SourceDate, 0)
