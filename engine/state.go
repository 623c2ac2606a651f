package engine

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/cache/osfile"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/event"
)

// state is the folder of the cache that belongs to one workspace. One command at a time
// holds it, and writes there and to the output folder.
type state struct {
	folder *osfile.Folder
	lock   *os.File
}

// lockName is the file that is locked. It is never removed: whoever waits for it would then
// wait for another file than the next command locks.
const lockName = "lock"

// lockPoll is how often a waiting command looks whether the other one is done.
const lockPoll = 50 * time.Millisecond

// acquire opens the state of the workspace at root, and waits for whoever holds it.
func acquire(ctx context.Context, store *cache.Disk, root string, warn func(string)) (*state, error) {
	folder, err := store.State(root)
	if err != nil {
		return nil, cacheError(err)
	}
	waits := false
	for {
		lock, err := folder.TryLock(lockName)
		if lock != nil {
			return &state{folder, lock}, nil
		}
		if err == nil {
			if !waits {
				waits = true
				warn("another sbomctl is at work in this workspace; waiting for it")
			}
			select {
			case <-ctx.Done():
				err = ctx.Err()
			case <-time.After(lockPoll):
				continue
			}
		} else {
			err = cacheError(fmt.Errorf("cannot write to the cache %s: %w", store.Dir(), osfile.Reason(err)))
		}
		folder.Close()
		return nil, err
	}
}

// release gives the state free.
func (s *state) release() {
	s.folder.Close()
	s.lock.Close()
}

// forget removes what is kept of the workspace.
func (s *state) forget() error {
	entries, err := s.folder.List(".")
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() == lockName {
			continue
		}
		if err := s.folder.RemoveAll(e.Name()); err != nil {
			return err
		}
	}
	return nil
}

// realRoot returns the path of the workspace's root with links resolved: by whatever path it
// is entered, it has one state.
func realRoot(root string) (string, error) {
	real, err := filepath.EvalSymlinks(root)
	if err != nil {
		return "", &diag.Error{Pos: diag.File(root), Msg: "the workspace's folder cannot be found: " + osfile.Reason(err).Error(), Err: err}
	}
	return real, nil
}

// Clean removes the output folder, and with expunge what is kept of the workspace in the cache,
// so that the next build looks at everything anew. It waits for a command that is at work.
// It reports whether there was an output folder.
func Clean(ctx context.Context, opt Options, expunge bool) (removed bool, err error) {
	opt, err = opt.withDefaults()
	if err != nil {
		return false, err
	}
	warn := func(message string) { opt.Events.Emit(event.Warning{Message: message}) }
	store, err := cache.OpenDisk(opt.CacheDir, warn)
	if err != nil {
		return false, cacheError(err)
	}
	held, err := acquire(ctx, store, opt.Root, warn)
	if err != nil {
		return false, err
	}
	defer held.release()
	dir := filepath.Join(opt.Root, opt.OutDir)
	_, err = os.Lstat(dir)
	removed = err == nil
	// A symbolic link is removed itself, not what it leads to.
	if err := os.RemoveAll(dir); err != nil {
		return removed, &diag.Error{Msg: "cannot remove " + opt.OutDir + ": " + osfile.Reason(err).Error(), Err: err}
	}
	if expunge {
		if err := held.forget(); err != nil {
			return removed, &diag.Error{Msg: "cannot remove the workspace's state: " + osfile.Reason(err).Error(), Err: err}
		}
	}
	return removed, nil
}
