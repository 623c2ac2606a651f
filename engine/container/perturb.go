package container

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/rootfs"
	"github.com/sbomctl/sbomctl/engine/sandbox"
)

// What a perturbed run has instead of what every other run has. Each is something that builds are known to depend on by mistake.
const (
	otherUser  = 4321
	otherHost  = "perturbed"
	otherUmask = 0o077
	otherZone  = "XST-13:45"          // POSIX: no file of the image is needed
	otherClock = 400 * 24 * time.Hour // another year, month, day and day of the week
)

// perturbed runs the command with everything changed that its outputs must not depend on.
func (t *trial) perturbed(ctx context.Context, p *sandbox.Process, root *rootfs.Root) error {
	t.environment(p, root)
	p.UID, p.GID, p.Hostname, p.Umask = otherUser, otherUser, otherHost, otherUmask
	t.change("user", fmt.Sprintf("%d instead of %d", otherUser, userID), "")
	t.change("host name", otherHost, "")
	t.change("umask", fmt.Sprintf("%04o instead of %04o", otherUmask, umask), "")
	if n := runtime.NumCPU(); n > 1 {
		p.CPUs = 1
		t.change("processors", "one", "")
	} else {
		t.change("processors", "", "this machine has only one")
	}
	t.change("times of the inputs", "each another one, a year later", "")
	t.change("order of files in folders", "that of another file system, in memory, where they are made in the reverse order", "")

	// Fill and Collect are called by p.Run, which says of their errors only that the command was not run.
	var inner error
	p.Tmpfs = []sandbox.Tmpfs{{
		Target: t.job.mount,
		Fill: func(dir string) error {
			inner = lay(ctx, t.r.store, t.job.spec, dir, layout{reverse: true, time: func(n int) time.Time {
				return sourceDate.AddDate(1, 0, 0).Add(time.Duration(n) * time.Minute)
			}})
			return inner
		},
		Collect: func(dir string) error {
			inner = t.gather(ctx, dir)
			return inner
		},
	}}
	if err := t.clock(ctx, p); err != nil {
		return err
	}
	exit, err := p.Run(ctx)
	if t.r.Debug && (err != nil || inner != nil || !exit.Success()) {
		t.r.note("the tree of a perturbed run of %s lies in memory, and is not kept", t.job.spec)
	}
	if inner != nil && (err != nil || exit.Success()) {
		return under(t.missing(inner))
	}
	if err != nil {
		return t.notRun(err)
	}
	if err := t.ended(exit); err != nil {
		return under(err)
	}
	return nil
}

// under says of an error that it is of a perturbed run: unperturbed, the command may do its work.
func under(err error) error {
	var d *diag.Error
	if !errors.As(err, &d) {
		return err
	}
	d.Hints = append([]string{"this is the perturbed run, under another clock, locale, user and so on"}, d.Hints...)
	return err
}

// change notes what became of one perturbation.
func (t *trial) change(what, to, why string) { t.changed = append(t.changed, Effect{what, to, why}) }

// declared reports whether the Spec gives a variable another value than every command has, which is then what the command needs.
func (t *trial) declared(name string) bool {
	for _, v := range t.job.spec.Environment {
		if v.Name == name {
			return !slices.Contains(action.BaseEnvironment, v)
		}
	}
	return false
}

// environment changes what the environment says of where and in what language the command is run.
func (t *trial) environment(p *sandbox.Process, root *rootfs.Root) {
	set := func(name, value string) {
		p.Env = slices.DeleteFunc(p.Env, func(v string) bool { return strings.HasPrefix(v, name+"=") })
		p.Env = append(p.Env, name+"="+value)
		slices.Sort(p.Env)
	}
	if t.declared("TZ") {
		t.change("time zone", "", "TZ is declared")
	} else {
		set("TZ", otherZone)
		t.change("time zone", otherZone, "")
	}
	locale, why := otherLocale(root.Path)
	switch {
	case t.declared("LC_ALL") || t.declared("LANG"):
		t.change("locale", "", "it is declared")
	default:
		set("LC_ALL", locale)
		t.change("locale", locale, why)
	}
	set("SBOMCTL_PERTURBED", "a variable that nobody declared")
	t.change("environment", "a variable more", "")
}

// otherLocale returns a locale of an image that sorts and writes otherwise than C.UTF-8, where there is one.
func otherLocale(root string) (locale, why string) {
	names, _ := filepath.Glob(filepath.Join(root, "usr/lib/locale/*/LC_COLLATE"))
	for _, want := range []string{"tr_TR", "et_EE", "de_DE", "sv_SE", "fr_FR", "en_US"} {
		for _, n := range names {
			if name := filepath.Base(filepath.Dir(n)); strings.HasPrefix(name, want) {
				return name, ""
			}
		}
	}
	if info, err := os.Lstat(filepath.Join(root, "usr/lib/locale/locale-archive")); err == nil && info.Mode().IsRegular() {
		return "en_US.UTF-8", "if the image's archive of locales has it"
	}
	return "C", "the image has no other locale, so only the character set is another"
}

// clock gives the process another time of day, if the programs of the image take one.
func (t *trial) clock(ctx context.Context, p *sandbox.Process) error {
	c, err := sandbox.FindClock(otherClock)
	var d *diag.Error
	if errors.As(err, &d) {
		t.change("clock", "", d.Msg)
		return nil
	}
	if err != nil {
		return err
	}
	p.Clock = c
	effect, err := p.ProbeClock(ctx)
	if err != nil {
		return err
	}
	if !effect.Works {
		p.Clock = nil
		t.change("clock", "", effect.Why)
		return nil
	}
	t.change("clock", "400 days later", "")
	return nil
}
