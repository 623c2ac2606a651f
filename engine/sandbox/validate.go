package sandbox

import (
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// maxHostname is how long the kernel lets a host name be.
const maxHostname = 64

// check refuses what could not be told to bubblewrap, or would be understood as something else.
func (p *Process) check() error {
	switch {
	case !filepath.IsAbs(p.Root):
		return refuse("the root folder %q is no absolute path", p.Root)
	case len(p.Command) == 0 || p.Command[0] == "":
		return refuse("there is no command to run")
	case p.UID < 0 || p.GID < 0:
		return refuse("user %d and group %d must not be negative", p.UID, p.GID)
	case p.Umask&^0o777 != 0:
		return refuse("the umask %#o is not between 0 and 0777", p.Umask)
	case p.CPUs < 0:
		return refuse("a command cannot run on %d processors", p.CPUs)
	case p.Dir != "" && !insidePath(p.Dir) && p.Dir != "/":
		return refuse("the folder %q to run in is no absolute path without \".\", \"..\" and \"//\"", p.Dir)
	case !validHostname(p.Hostname):
		return refuse("%q is no host name; expected at most %d letters, digits, \"-\" and \".\"", p.Hostname, maxHostname)
	}
	for _, s := range p.Command {
		if strings.ContainsRune(s, 0) {
			return refuse("the argument %q has a NUL character", s)
		}
	}
	if err := checkEnv(p.Env); err != nil {
		return err
	}
	if err := p.Clock.check(p.Env); err != nil {
		return err
	}
	if err := p.checkTargets(); err != nil {
		return err
	}
	return p.Limits.check()
}

func refuse(format string, args ...any) error { return &diag.Error{Msg: fmt.Sprintf(format, args...)} }

// insidePath reports whether s is a clean absolute path below the root.
func insidePath(s string) bool {
	return len(s) > 1 && s[0] == '/' && path.Clean(s) == s && !strings.ContainsRune(s, 0)
}

func validHostname(s string) bool {
	return len(s) <= maxHostname && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '.'
	})
}

func checkEnv(env []string) error {
	seen := map[string]bool{}
	for _, e := range env {
		name, _, ok := strings.Cut(e, "=")
		if !ok || name == "" || strings.ContainsRune(e, 0) {
			return refuse("%q is no environment variable; expected NAME=VALUE", e)
		}
		if seen[name] {
			return refuse("the environment variable %q is given twice", name)
		}
		seen[name] = true
	}
	return nil
}

func (p *Process) checkTargets() error {
	seen := map[string]bool{}
	check := func(target string) error {
		if !insidePath(target) {
			return refuse("the mount point %q is no absolute path below / without \".\", \"..\" and \"//\"", target)
		}
		for _, own := range []string{"/proc", "/dev"} {
			if target == own || strings.HasPrefix(target, own+"/") {
				return refuse("the mount point %q lies in %s, which is the sandbox's own", target, own)
			}
		}
		if seen[target] {
			return refuse("two mounts have the mount point %q", target)
		}
		seen[target] = true
		return nil
	}
	for _, m := range p.Mounts {
		if err := check(m.Target); err != nil {
			return err
		}
		if !filepath.IsAbs(m.Source) || strings.ContainsRune(m.Source, 0) {
			return refuse("what is to be mounted on %s is no absolute path: %q", m.Target, m.Source)
		}
	}
	for _, t := range p.Tmpfs {
		if err := check(t.Target); err != nil {
			return err
		}
	}
	return nil
}

// The least that a command may be given.
const (
	minOpenFiles    = 32
	minAddressSpace = 16 << 20
)

func (l Limits) check() error {
	if l.Wall < 0 || l.CPU < 0 || l.AddressSpace < 0 || l.Memory < 0 || l.Processes < 0 || l.OpenFiles < 0 || l.FileSize < 0 || l.Disk < 0 || l.Output < 0 {
		return refuse("a limit is negative: %+v", l)
	}
	// Bubblewrap has to live with them until the command starts.
	if l.OpenFiles > 0 && l.OpenFiles < minOpenFiles || l.AddressSpace > 0 && l.AddressSpace < minAddressSpace {
		return refuse("a command gets at least %d open files and %d MiB of address space", minOpenFiles, minAddressSpace>>20)
	}
	return nil
}
