package container

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/cache/osfile"
	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/rootfs"
)

// Names below <cache>/v1/sandbox.
const (
	lockSuffix = ".lock"   // held by whoever uses the folder of that name
	keptPrefix = "kept-"   // begins the name of a folder that Debug left; the name ends with the action's key
	logSuffix  = ".log"    // what a command that failed printed; named by the action's key
	treeName   = "tree"    // in a folder: the command's tree
	printed    = "printed" // in a folder: what the command prints
)

// maxLogs is how many logs of failed commands are kept.
const maxLogs = 100

// workFolder is the folder in which one command is run.
type workFolder struct {
	in   *osfile.Folder // <cache>/v1/sandbox
	name string
	lock *os.File
}

// newWork makes a folder that nobody else has.
func newWork(in *osfile.Folder) (*workFolder, error) {
	for n := 0; ; n++ {
		name := fmt.Sprintf("%d-%d", os.Getpid(), n)
		lock, err := in.TryLock(name + lockSuffix)
		if err != nil {
			return nil, err
		}
		if lock == nil {
			continue
		}
		w := &workFolder{in, name, lock}
		err = rootfs.Remove(in.Path(name)) // left by a process of the same number
		if err == nil {
			err = os.Mkdir(in.Path(name), 0o700)
		}
		if err == nil {
			// The command may be another user inside; who may come here at all, the folder above decides.
			err = os.Mkdir(w.tree(), 0o755)
		}
		if err != nil {
			w.remove()
			return nil, err
		}
		return w, nil
	}
}

func (w *workFolder) tree() string    { return w.in.Path(w.name + "/" + treeName) }
func (w *workFolder) printed() string { return w.in.Path(w.name + "/" + printed) }

// remove removes the folder, and then its lock, while that is held.
func (w *workFolder) remove() error {
	err := rootfs.Remove(w.in.Path(w.name))
	return errors.Join(err, w.free())
}

func (w *workFolder) free() error {
	err := w.in.Remove(w.name + lockSuffix)
	return errors.Join(err, w.lock.Close())
}

// keep leaves the folder for the user to look at, under a name that says whose it is, and returns where it lies.
func (w *workFolder) keep(key string) (string, error) {
	to := keptPrefix + key
	if err := rootfs.Remove(w.in.Path(to)); err != nil {
		return "", err
	}
	if err := w.in.Rename(w.name, to); err != nil {
		return "", err
	}
	return w.in.Path(to), w.free()
}

// tidy removes the folders of processes that are gone, and the oldest logs. A folder that Debug kept stays until its
// command is run again, or the cache is removed.
func tidy(in *osfile.Folder) {
	entries, err := in.List(".")
	if err != nil {
		return
	}
	var logs []fs.FileInfo
	for _, e := range entries {
		name := strings.TrimSuffix(e.Name(), lockSuffix)
		switch {
		case strings.HasPrefix(name, keptPrefix):
		case strings.HasSuffix(name, logSuffix):
			if info, err := e.Info(); err == nil {
				logs = append(logs, info)
			}
		default:
			lock, err := in.TryLock(name + lockSuffix)
			if err != nil || lock == nil {
				continue
			}
			(&workFolder{in, name, lock}).remove() // what cannot be removed now is tried again next time
		}
	}
	slices.SortFunc(logs, func(a, b fs.FileInfo) int { return b.ModTime().Compare(a.ModTime()) })
	for _, l := range logs[min(len(logs), maxLogs):] {
		in.Remove(l.Name())
	}
}

// Clear removes what commands left below a cache's folder: logs, folders that Debug kept, and those of killed processes. What a command is
// run in at the moment stays.
func Clear(cacheDir string) error {
	in, err := osfile.OpenExisting(cache.SandboxDir(cacheDir), nil)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return diskError("open "+cache.SandboxDir(cacheDir), err)
	}
	defer in.Close()
	tidy(in)
	entries, err := in.List(".")
	if err != nil {
		return diskError("list "+in.Path("."), err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), keptPrefix) && !strings.HasSuffix(e.Name(), logSuffix) {
			continue
		}
		if err := rootfs.Remove(in.Path(e.Name())); err != nil {
			return diskError("remove "+in.Path(e.Name()), err)
		}
	}
	return nil
}

// layout says how the files of a tree are laid out.
type layout struct {
	reverse bool                  // in the reverse order of their paths
	time    func(n int) time.Time // when file n was modified, in the order of paths
}

// plain is how files are laid out for a run that counts.
var plain = layout{time: func(int) time.Time { return sourceDate }}

// lay writes the files of the inputs below dir, which is empty: exactly those, with the times that the layout gives. Their bytes are
// checked against their digests.
func lay(ctx context.Context, store cache.Store, s *action.Spec, dir string, how layout) error {
	var files []action.File
	for _, in := range s.Inputs {
		files = append(files, in.Files...)
	}
	slices.SortFunc(files, func(a, b action.File) int { return strings.Compare(a.Path, b.Path) })
	folders := map[string]bool{}
	order := make([]int, len(files))
	for i := range order {
		order[i] = i
	}
	if how.reverse {
		slices.Reverse(order)
	}
	for _, i := range order {
		f := files[i]
		if !filepath.IsLocal(filepath.FromSlash(f.Path)) { // which the key has no form for either
			return fmt.Errorf("%s has an input at %q", s, f.Path)
		}
		for folder := path.Dir(f.Path); folder != "." && !folders[folder]; folder = path.Dir(folder) {
			folders[folder] = true
		}
		to := filepath.Join(dir, filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return diskError("lay out the files of "+s.String(), err)
		}
		if err := copyIn(ctx, store, f, to); err != nil {
			return err
		}
		if err := os.Chtimes(to, how.time(i), how.time(i)); err != nil {
			return diskError("lay out the files of "+s.String(), err)
		}
	}
	// Folders last: a file that is made in one changes its time.
	folders["."] = true
	for folder := range folders {
		at := filepath.Join(dir, filepath.FromSlash(folder))
		err := os.Chmod(at, 0o755) // whatever the umask is
		if err == nil {
			err = os.Chtimes(at, how.time(0), how.time(0))
		}
		if err != nil {
			return diskError("lay out the files of "+s.String(), err)
		}
	}
	return nil
}

func copyIn(ctx context.Context, store cache.Store, f action.File, to string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r, err := action.Open(ctx, store, f)
	if err != nil {
		return err
	}
	defer r.Close()
	mode := os.FileMode(0o644)
	if f.Executable {
		mode = 0o755
	}
	w, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return diskError("lay out "+f.Path, err)
	}
	_, err = io.Copy(w, r)
	if err == nil {
		err = w.Chmod(mode) // whatever the umask is
	}
	if e := w.Close(); err == nil && e != nil {
		err = e
	}
	var d *diag.Error
	if err != nil && !errors.As(err, &d) && ctx.Err() == nil {
		return diskError("lay out "+f.Path, err)
	}
	return err
}

// diskError says that the folder of a command could not be made.
func diskError(doing string, err error) error {
	return &diag.Error{Msg: fmt.Sprintf("cannot %s: %v", doing, osfile.Reason(err)), Hints: []string{"--disk_cache=DIR moves the cache, where commands are run"}, Err: err}
}
