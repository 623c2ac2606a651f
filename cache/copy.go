package cache

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/sbomctl/sbomctl/cache/osfile"
)

// CopyTo makes an ordinary, writable file of a blob: a copy, or a reflink where the file
// system has them, but never a hard link, through which an editor could change the cache.
// Its mode is 0644, or 0755 if executable, whatever the umask. A file or link at path is
// replaced at once by the whole new one; missing folders are made. The error is ErrMiss, an
// *Error, or that of ctx.
//
// What a process that was killed leaves behind lies in the same folder; osfile.CleanTemp removes it.
func (s *Disk) CopyTo(ctx context.Context, d Digest, path string, executable bool) error {
	from, err := s.open(ctx, d)
	if err != nil {
		return err
	}
	defer from.Close()
	mode := fs.FileMode(0o644)
	if executable {
		mode = 0o755
	}
	to, err := osfile.CreateTemp(filepath.Dir(path), 0o600)
	if err != nil {
		return failure("write", path, err)
	}
	if err = s.fill(to, from, mode); err == nil {
		err = rename(to.Name(), path)
	}
	if err != nil {
		to.Close() // again, perhaps: no harm
		os.Remove(to.Name())
		return failure("write", path, err)
	}
	return nil
}

// fill makes to a copy of from, and closes it.
func (s *Disk) fill(to, from *os.File, mode fs.FileMode) error {
	if reflink(to, from) != nil {
		if _, err := s.copy(to, from); err != nil {
			return err
		}
	}
	if err := to.Chmod(mode); err != nil {
		return err
	}
	return to.Close()
}

// rename replaces path. Windows refuses when the file there is read-only.
func rename(tmp, path string) error {
	err := os.Rename(tmp, path)
	if err == nil {
		return nil
	}
	if fi, e := os.Lstat(path); e != nil || !fi.Mode().IsRegular() || fi.Mode().Perm()&0o200 != 0 {
		return err
	}
	if e := os.Chmod(path, 0o644); e != nil {
		return err
	}
	return os.Rename(tmp, path)
}
