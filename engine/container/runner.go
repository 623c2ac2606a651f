package container

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/cache/osfile"
	"github.com/sbomctl/sbomctl/cache/reapi"
	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/oci"
	"github.com/sbomctl/sbomctl/engine/rootfs"
	"github.com/sbomctl/sbomctl/engine/sandbox"
)

// Runner runs commands. Its fields are set before the first one, and nothing is opened or looked for before that.
type Runner struct {
	CacheDir string // absolute path of the cache

	// Source returns where an image may be had from that is not in the store below the cache.
	Source func(image Image) (oci.Source, error)

	Runtime Runtime              // what makes the container; "" is Bubblewrap
	Debug   bool                 // keep the folder of a command, and say how to look around in it
	Note    func(message string) // told in one line what a user should know; nil discards

	once   sync.Once
	failed error
	store  *cache.Disk    // of the results
	images *oci.Store     // of the images
	roots  *rootfs.Store  // of the unpacked images
	work   *osfile.Folder // of the folders in which commands are run

	unpacking sync.Map // *sync.Mutex by image
}

// Runtime is a program that makes containers.
type Runtime string

// The runtimes.
const (
	Bubblewrap Runtime = "bubblewrap"
	Docker     Runtime = "docker"
	Podman     Runtime = "podman"
)

// Runtimes are all of them, the one that is used unless another is asked for first.
var Runtimes = []Runtime{Bubblewrap, Docker, Podman}

func (r *Runner) note(format string, args ...any) {
	if r.Note != nil {
		r.Note(fmt.Sprintf(format, args...))
	}
}

// open opens the cache, and removes what killed processes left.
func (r *Runner) open() error {
	r.once.Do(func() {
		warn := func(m string) { r.note("%s", m) }
		if r.store, r.failed = cache.OpenDisk(r.CacheDir, warn); r.failed != nil {
			return
		}
		r.images = oci.NewStore(cache.ImagesDir(r.CacheDir), warn)
		r.roots = &rootfs.Store{Dir: cache.RootsDir(r.CacheDir), Warn: warn}
		if r.work, r.failed = osfile.OpenFolder(cache.SandboxDir(r.CacheDir), warn); r.failed != nil {
			r.failed = diskError("make "+cache.SandboxDir(r.CacheDir), r.failed)
			return
		}
		// A command may make files that anybody can write to: nobody else comes in.
		if err := os.Chmod(r.work.Path("."), 0o700); err != nil {
			r.failed = diskError("close "+r.work.Path(".")+" to others", err)
			return
		}
		tidy(r.work)
	})
	return r.failed
}

// Run implements action.Runner.
func (r *Runner) Run(ctx context.Context, s *action.Spec) (*reapi.ActionResult, error) {
	j, err := newJob(s)
	if err != nil {
		return nil, err
	}
	if err := j.runsHere(); err != nil {
		return nil, err
	}
	if err := r.open(); err != nil {
		return nil, err
	}
	work, err := newWork(r.work)
	if err != nil {
		return nil, diskError("make a folder for "+s.String(), err)
	}
	t := &trial{r: r, job: j, work: work}
	result, err := t.run(ctx)
	if t.log != nil {
		t.log.Close()
	}
	if !t.kept {
		if e := work.remove(); e != nil {
			r.note("%s cannot be removed: %v", work.in.Path(work.name), osfile.Reason(e))
		}
	}
	return result, err
}

// trial is one run of a command.
type trial struct {
	r    *Runner
	job  *job
	work *workFolder
	log  *os.File // what it prints
	kept bool     // the folder is not removed

	outputs []reapi.OutputFile
	listing *Listing
	changed []Effect // for a perturbed run
}

func (t *trial) run(ctx context.Context) (*reapi.ActionResult, error) {
	var err error
	if t.log, err = os.OpenFile(t.work.printed(), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600); err != nil {
		return nil, diskError("keep what "+t.job.spec.String()+" prints", err)
	}
	if t.r.Runtime == Docker || t.r.Runtime == Podman {
		err = t.engine(ctx)
	} else {
		err = t.bubblewrap(ctx)
	}
	if err != nil {
		return nil, err
	}
	return t.result(ctx)
}

// gather takes from the tree what the command made.
func (t *trial) gather(ctx context.Context, tree string) error {
	var err error
	if t.outputs, err = collect(ctx, t.r.store, t.job.spec, tree, t.job.listing); err != nil || t.job.listing == "" {
		return err
	}
	t.listing, err = list(ctx, t.job.spec, tree)
	return err
}

// result is what the command made, in the order of the Spec's outputs.
func (t *trial) result(ctx context.Context) (*reapi.ActionResult, error) {
	files := map[string]reapi.OutputFile{}
	for _, f := range t.outputs {
		files[f.Path] = f
	}
	if t.listing != nil {
		t.listing.Changed = append(t.listing.Changed, t.changed...)
		f, err := t.listing.output(ctx, t.r.store, t.job.listing)
		if err != nil {
			return nil, err
		}
		files[f.Path] = f
	}
	ar := &reapi.ActionResult{}
	for _, name := range t.job.spec.Outputs {
		ar.OutputFiles = append(ar.OutputFiles, files[name])
	}
	return ar, nil
}

// ended makes an error of how the command ended; nil when it did its work.
func (t *trial) ended(exit sandbox.Exit) error {
	if exit.Success() {
		return nil
	}
	var hints []string
	if exit.Killed == sandbox.TooLong {
		hints = append(hints, "timeout = SECONDS gives it more time")
	}
	return t.failure(exit.String(), hints...)
}

// failure is the error of a command that did not do its work.
func (t *trial) failure(how string, hints ...string) *diag.Error {
	log := t.printed()
	if path, err := t.keepLog(); err != nil {
		t.r.note("what %s printed cannot be kept: %v", t.job.spec, osfile.Reason(err))
	} else if len(log) > 0 {
		hints = append(hints, "all that it printed is in "+path)
	}
	return action.Failure(t.job.spec, how, log, hints...)
}

// printed is the end of what the command printed.
func (t *trial) printed() []byte {
	const enough = 64 << 10
	size, err := t.log.Seek(0, 2)
	if err != nil {
		return nil
	}
	b := make([]byte, min(size, enough))
	if _, err := t.log.ReadAt(b, size-int64(len(b))); err != nil {
		return nil
	}
	return b
}

// key names the command among what is kept of failed ones.
func (t *trial) key() string {
	key, err := t.job.spec.Key()
	if err != nil {
		return t.work.name
	}
	return key.Hex()[:16]
}

// keepLog keeps what the command printed, in place of what it printed when it failed before.
func (t *trial) keepLog() (string, error) {
	to := t.key() + logSuffix
	err := t.work.in.Rename(t.work.name+"/"+printed, to)
	return t.work.in.Path(to), err
}

// lookAround keeps the command's folder, where Debug asks for it, and says how to look around in it. line makes the line for a shell, given
// where the tree lies now.
func (t *trial) lookAround(err error, line func(tree string) (string, error)) error {
	if !t.r.Debug {
		var d *diag.Error
		if errors.As(err, &d) {
			d.Hints = append(d.Hints, "--sandbox_debug keeps the files that it was run on, and says how to look around there")
		}
		return err
	}
	path, keepErr := t.work.keep(t.key())
	if keepErr != nil {
		t.r.note("the folder of %s cannot be kept: %v", t.job.spec, osfile.Reason(keepErr))
		return err
	}
	t.kept = true
	text, lineErr := line(filepath.Join(path, treeName))
	if lineErr != nil {
		t.r.note("the folder of %s is kept: %s", t.job.spec, path)
		return err
	}
	t.r.note("the folder of %s is kept: %s; a shell in its sandbox:", t.job.spec, path)
	t.r.note("%s", text)
	return err
}

// withLines adds lines to each diagnostic in err that has none.
func withLines(err error, lines []string) error {
	for _, e := range diag.Flatten(err) {
		var d *diag.Error
		if errors.As(e, &d) && len(d.Lines) == 0 {
			d.Lines = lines
		}
	}
	return err
}
