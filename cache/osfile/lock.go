package osfile

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"
)

// TryLock locks the file of that name, which is made when it is missing, against every other
// holder, also of this process. The lock ends when the file is closed. nil without an error
// says that somebody else holds it. What is no ordinary file under the name is taken away,
// with a warning.
//
// The file must never be removed while it may be locked, except by its holder.
func (f *Folder) TryLock(name string) (*os.File, error) {
	for range attempts {
		file, err := f.openOrCreate(name)
		if err != nil {
			return nil, err
		}
		switch locked, err := tryLock(file); {
		case err != nil:
			file.Close()
			return nil, &fs.PathError{Op: "lock", Path: f.Path(name), Err: err}
		case !locked:
			file.Close()
			return nil, nil
		}
		// Its last holder may have removed it between our open and our lock.
		fi, err := file.Stat()
		now, nowErr := f.root.Lstat(name)
		if err == nil && nowErr == nil && os.SameFile(fi, now) {
			return file, nil
		}
		file.Close()
	}
	return nil, nil
}

// lockPoll is how often Lock looks whether the other one is done.
const lockPoll = 20 * time.Millisecond

// Lock is TryLock that waits for whoever holds the lock, until ctx ends. It is for locks that are held for a moment: it does not say that it waits.
func (f *Folder) Lock(ctx context.Context, name string) (*os.File, error) {
	for {
		file, err := f.TryLock(name)
		if file != nil || err != nil {
			return file, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(lockPoll):
		}
	}
}

func (f *Folder) openOrCreate(name string) (*os.File, error) {
	for range attempts {
		file, _, err := f.Open(name, os.O_RDWR)
		var odd *OddError
		switch {
		case err == nil:
			return file, nil
		case errors.As(err, &odd):
			f.warn(f.Path(name) + " cannot be used and is made anew: " + odd.Why)
			f.Discard(name, odd.Seen)
		case !errors.Is(err, fs.ErrNotExist):
			return nil, err
		}
		file, err = f.root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
		if err == nil || !errors.Is(err, fs.ErrExist) {
			return file, err
		}
	}
	return nil, &fs.PathError{Op: "open", Path: f.Path(name), Err: errors.New("it cannot be used, and not be removed")}
}
