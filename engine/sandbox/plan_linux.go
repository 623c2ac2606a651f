package sandbox

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const (
	// maxLinks is how many symbolic links a mount point may lie behind, as in the kernel.
	maxLinks = 40
	// maxEntries is how many entries of the root folder may have to be bound one by one; each is a mount.
	maxEntries = 1000
)

// point is something that is mounted over the root folder.
type point struct {
	target string // as it was asked for
	path   string // where that is: no component of it is a symbolic link in what the command sees
	source string // what is bound there; "" is nothing of the caller's
	file   bool   // it is an ordinary file
	own    bool   // nobody asked for it; it goes where somebody asked for another one
	fixed  bool   // it is just there, whatever the root folder has
	args   []string
}

// plan is how the file system that the command sees is put together.
//
// A mount point that the root folder lacks cannot be made in it, for it is shared and bound read-only. Each folder that
// such a mount point would have to be made in is opened: it becomes a folder of the sandbox's own tmpfs, into which the
// entries of the real one are bound one by one.
//
// Bubblewrap follows symbolic links in a mount point while the caller's files are still reachable, so that a link in a
// hostile root folder could make it create files out there. So links are followed here, inside the root folder.
type plan struct {
	root   string
	points []*point
	open   map[string]bool // folders of the root folder, "" for itself
	args   []string
	bound  int
}

// newPlan returns the plan for points.
func newPlan(root string, points []*point) (*plan, error) {
	pl := &plan{root: filepath.Clean(root), open: map[string]bool{}}
	if err := isFolder(pl.root); err != nil {
		return nil, err
	}
	slices.SortStableFunc(points, func(a, b *point) int { return comparePaths(a.target, b.target) })
	for _, pt := range points {
		var err error
		if pt.fixed {
			pt.path = pt.target
		} else if pt.path, err = pl.resolve(pt.target); err != nil {
			return nil, err
		}
		if err := pl.add(pt); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(pl.points, func(a, b *point) int { return comparePaths(a.path, b.path) })
	for _, pt := range pl.points {
		if err := pl.makeRoom(pt); err != nil {
			return nil, err
		}
	}
	if !pl.open[""] {
		pl.args = append(pl.args, "--ro-bind", pl.root, "/")
	} else if err := pl.bindEntries(""); err != nil {
		return nil, err
	}
	for _, pt := range pl.points {
		pl.args = append(pl.args, pt.args...)
		if pt.source != "" {
			pl.args = append(pl.args, pt.source)
		}
		if len(pt.args) > 0 {
			pl.args = append(pl.args, pt.path)
		}
	}
	return pl, nil
}

// comparePaths orders a folder before what lies in it.
func comparePaths(a, b string) int {
	return slices.Compare(strings.Split(a, "/"), strings.Split(b, "/"))
}

func isFolder(dir string) error {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return refuse("the root folder %s does not exist", dir)
	case err != nil:
		return refuse("the root folder %s cannot be looked at: %v", dir, cause(err))
	case !info.IsDir():
		return refuse("the root folder %s is no folder", dir)
	}
	return nil
}

// cause is an error of the system without the call and the path that os puts before it.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// add puts pt among the points. Two that were asked for by other names may be one.
func (pl *plan) add(pt *point) error {
	i := slices.IndexFunc(pl.points, func(other *point) bool { return other.path == pt.path })
	switch {
	case i < 0:
		pl.points = append(pl.points, pt)
	case pt.own:
	case pl.points[i].own:
		pl.points[i] = pt
	default:
		return refuse("the mount points %s and %s are the same folder %s of the root folder", pl.points[i].target, pt.target, pt.path)
	}
	return nil
}

// resolve follows the symbolic links of the root folder, none of which leads out of it. What does not exist
// is left as it is.
func (pl *plan) resolve(target string) (string, error) {
	todo := strings.Split(target, "/")
	done := "" // resolved; "" is the root folder
	for links := 0; len(todo) > 0; {
		name := todo[0]
		todo = todo[1:]
		switch name {
		case "", ".":
			continue
		case "..":
			if done != "" {
				done = strings.TrimSuffix(path.Dir(done), "/")
			}
			continue
		}
		next := done + "/" + name
		info, err := os.Lstat(pl.root + next)
		if errors.Is(err, fs.ErrNotExist) {
			rest := strings.Join(append([]string{next}, todo...), "/")
			if slices.Contains(todo, "..") {
				return "", refuse("the mount point %s leads to %s, which is not there, in the root folder", target, rest)
			}
			return path.Clean(rest), nil
		}
		if err != nil {
			return "", refuse("the mount point %s cannot be looked for in the root folder: %v", target, cause(err))
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			if !info.IsDir() && len(todo) > 0 {
				return "", refuse("the mount point %s cannot be: %s is no folder in the root folder", target, next)
			}
			done = next
			continue
		}
		if links++; links > maxLinks {
			return "", refuse("the mount point %s lies behind more than %d symbolic links of the root folder", target, maxLinks)
		}
		link, err := os.Readlink(pl.root + next)
		if err != nil {
			return "", refuse("the mount point %s cannot be looked for in the root folder: %v", target, cause(err))
		}
		if strings.HasPrefix(link, "/") {
			done = ""
		}
		todo = append(strings.Split(link, "/"), todo...)
	}
	if done == "" {
		return "", refuse("the mount point %s is the root folder itself", target)
	}
	return done, nil
}

// makeRoom sees to it that bubblewrap finds pt's mount point, or can make it, and opens folders for that.
func (pl *plan) makeRoom(pt *point) error {
	if over := pl.below(pt); over != nil {
		return over.holds(pt)
	}
	info, err := os.Lstat(pl.root + pt.path)
	switch {
	case err == nil && pt.fixed && !info.IsDir(): // what is there is left out
	case err == nil && pt.file && !info.Mode().IsRegular():
		return refuse("a file is to be mounted on %s, which is no file in the root folder", pt.target)
	case err == nil && !pt.file && !info.IsDir():
		return refuse("a folder is to be mounted on %s, which is no folder in the root folder", pt.target)
	case err == nil:
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return refuse("the mount point %s cannot be looked for in the root folder: %v", pt.target, cause(err))
	}
	for dir := strings.TrimSuffix(path.Dir(pt.path), "/"); ; dir = strings.TrimSuffix(path.Dir(dir), "/") {
		if _, err := os.Lstat(pl.root + dir); err == nil {
			pl.open[dir] = true
		}
		if dir == "" {
			return nil
		}
	}
}

// below returns the innermost point that pt lies in; nil when that is the root folder.
func (pl *plan) below(pt *point) (over *point) {
	for _, other := range pl.points {
		if strings.HasPrefix(pt.path, other.path+"/") && (over == nil || len(other.path) > len(over.path)) {
			over = other
		}
	}
	return over
}

// holds checks that inner's mount point can be in what is mounted on pt. Bubblewrap makes it in a tmpfs, and must
// not make it in a folder of the caller's.
func (pt *point) holds(inner *point) error {
	if pt.fixed {
		return refuse("the mount point %s leads to %s in the root folder, which is the sandbox's own", inner.target, pt.path)
	}
	if pt.source == "" {
		return nil
	}
	at := pt.source
	names := strings.Split(strings.TrimPrefix(inner.path, pt.path+"/"), "/")
	for i, name := range names {
		at = filepath.Join(at, name)
		info, err := os.Lstat(at)
		last := i == len(names)-1
		if err != nil || last && inner.file && !info.Mode().IsRegular() || (!last || !inner.file) && !info.IsDir() {
			kind := "folder"
			if last && inner.file {
				kind = "file"
			}
			return refuse("the mount point %s lies in what is mounted on %s, and there is no %s %s", inner.target, pt.target, kind, at)
		}
	}
	return nil
}

// bindEntries binds what is in an open folder of the root folder.
func (pl *plan) bindEntries(dir string) error {
	entries, err := os.ReadDir(pl.root + "/" + dir)
	if err != nil {
		return refuse("the root folder's %s cannot be read: %v", cmp.Or(dir, "/"), cause(err))
	}
	if pl.bound += len(entries); pl.bound > maxEntries {
		return refuse("%s of the root folder lacks a mount point, and has too many entries (more than %d) to be put together anew", cmp.Or(dir, "/"), maxEntries)
	}
	for _, e := range entries {
		inside := dir + "/" + e.Name()
		covered := slices.ContainsFunc(pl.points, func(pt *point) bool { return pt.path == inside })
		switch {
		case covered:
		case pl.open[inside]:
			pl.args = append(pl.args, "--dir", inside)
			if err := pl.bindEntries(inside); err != nil {
				return err
			}
		case e.Type() == fs.ModeSymlink:
			link, err := os.Readlink(pl.root + inside)
			if err != nil {
				return refuse("the root folder's %s cannot be read: %v", inside, cause(err))
			}
			pl.args = append(pl.args, "--symlink", link, inside)
		case e.IsDir() || e.Type().IsRegular():
			pl.args = append(pl.args, "--ro-bind", pl.root+inside, inside)
		}
	}
	return nil
}

// points returns all that is mounted over p's root folder.
func (p *Process) points(v Version) ([]*point, error) {
	tmpfs := func(target, mode string, own bool) *point {
		return &point{target: target, own: own, args: tmpfsArgs(v, mode, p.Limits.Disk)}
	}
	points := []*point{
		{target: "/proc", fixed: true, args: []string{"--proc"}},
		{target: "/dev", fixed: true, args: []string{"--dev"}},
		tmpfs("/tmp", "1777", true), tmpfs("/var/tmp", "1777", true), tmpfs("/run", "0755", true),
	}
	for _, t := range p.Tmpfs {
		points = append(points, tmpfs(t.Target, "0755", false))
	}
	mounts := p.Mounts
	if p.Network {
		if _, err := os.Stat(resolvConf); err == nil && !slices.ContainsFunc(mounts, func(m Mount) bool { return m.Target == resolvConf }) {
			mounts = append(slices.Clip(mounts), Mount{Source: resolvConf, Target: resolvConf})
		}
	}
	if p.Clock != nil {
		mounts = append(slices.Clip(mounts), Mount{Source: p.Clock.Library, Target: clockLibrary})
	}
	for _, m := range mounts {
		info, err := os.Stat(m.Source)
		if err != nil {
			return nil, refuse("%s, which is to be mounted on %s, cannot be looked at: %v", m.Source, m.Target, cause(err))
		}
		if !info.IsDir() && !info.Mode().IsRegular() {
			return nil, refuse("%s, which is to be mounted on %s, is neither a folder nor an ordinary file", m.Source, m.Target)
		}
		bind := "--ro-bind"
		if m.Writable {
			bind = "--bind"
		}
		points = append(points, &point{target: m.Target, source: m.Source, file: !info.IsDir(), args: []string{bind}})
	}
	return points, nil
}

// resolvConf says where names are resolved.
const resolvConf = "/etc/resolv.conf"

// tmpfsArgs are the options for a tmpfs, before its mount point.
func tmpfsArgs(v Version, mode string, size int64) []string {
	var args []string
	if v.atLeast(0, 5) {
		args = append(args, "--perms", mode)
	}
	if size > 0 && v.atLeast(0, 7) {
		args = append(args, "--size", strconv.FormatInt(size, 10))
	}
	return append(args, "--tmpfs")
}

// arguments returns those of bubblewrap, without the program's and those of its file descriptors. gate, when it is set,
// are the options by which it waits once all is mounted.
func (p *Process) arguments(v Version, gate ...string) (args []string, pl *plan, err error) {
	if err := p.check(); err != nil {
		return nil, nil, err
	}
	points, err := p.points(v)
	if err != nil {
		return nil, nil, err
	}
	if pl, err = newPlan(p.Root, points); err != nil {
		return nil, nil, err
	}
	args = []string{"--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"}
	if !p.Network {
		args = append(args, "--unshare-net")
	}
	if v.atLeast(0, 8) {
		args = append(args, "--disable-userns")
	}
	args = append(args, "--uid", strconv.Itoa(p.UID), "--gid", strconv.Itoa(p.GID), "--hostname", cmp.Or(p.Hostname, "sandbox"),
		"--die-with-parent", "--cap-drop", "ALL")
	args = append(args, pl.args...)
	shm := append(tmpfsArgs(v, "1777", p.Limits.Disk), "/dev/shm")
	args = append(args, shm...)
	if len(gate) > 0 {
		args = append(append(args, gate...), shm...) // the second one hides what the gate leaves
	}
	// The caller's root is root for the files of /proc, without any capability: those below /proc/sys are the machine's.
	args = append(args, "--remount-ro", "/dev", "--remount-ro", "/proc")
	if pl.open[""] {
		args = append(args, "--remount-ro", "/")
	}
	args = append(args, "--chdir", cmp.Or(p.Dir, "/"))
	for _, e := range append(slices.Clip(p.Env), p.Clock.env()...) {
		name, value, _ := strings.Cut(e, "=")
		args = append(args, "--setenv", name, value)
	}
	return args, pl, nil
}

// program is the command after bubblewrap's options.
func (p *Process) program() []string {
	if strings.HasPrefix(p.Command[0], "-") {
		return append([]string{"--"}, p.Command...)
	}
	return p.Command
}

// CommandLine returns a line for a shell that runs p, without its limits, its processors and what fills its tmpfs. A
// terminal's input reaches the command, so that it may be a shell to look around with.
func (p *Process) CommandLine() (string, error) {
	b, err := p.bubblewrap()
	if err != nil {
		return "", err
	}
	args, _, err := p.arguments(b.Version)
	if err != nil {
		return "", err
	}
	words := []string{"env", "-i", b.Path}
	words = append(append(words, args...), p.program()...)
	return fmt.Sprintf("(umask %03o && exec %s)", p.Umask, ShellLine(words)), nil
}
