package cache

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sync"

	"github.com/sbomctl/sbomctl/cache/osfile"
)

// layout is the version of the folder's shape; another one lies beside it.
const layout = "v1"

// Disk is a Store and an ActionCache in a folder, which any number of processes may share.
type Disk struct {
	dir      string // as given, made absolute
	readOnly bool
	verified sync.Map // Digest to *verification

	// The two ways in which bytes reach a disk; tests put a full one in their place.
	write func(to *os.File, b []byte) (int, error)
	copy  func(to io.Writer, from io.Reader) (int64, error) // by the kernel, between files

	mu     sync.Mutex
	v1     *osfile.Folder // DIR/v1; nil when a read-only one does not exist
	warn   func(string)
	warned map[string]bool // paths
}

// The parts of DIR/v1. Names of entries, as all names that osfile.Folder takes, begin there.
const (
	casDir        = "cas"
	acDir         = "ac"
	tmpDir        = "tmp"
	workspacesDir = "workspaces"
)

var (
	_ Store       = (*Disk)(nil)
	_ ActionCache = (*Disk)(nil)
)

// OpenDisk opens the cache in dir, which is made when it is missing, and removes what
// killed processes left half-written. warn is told of damaged entries, one line each, never
// concurrently; it may be nil. Errors are *Error.
func OpenDisk(dir string, warn func(msg string)) (*Disk, error) {
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return nil, failure("open the cache", dir, err)
	}
	if warn == nil {
		warn = func(string) {}
	}
	d := &Disk{
		dir:    absolute,
		write:  (*os.File).Write,
		copy:   io.Copy,
		warn:   warn,
		warned: map[string]bool{},
	}
	folder, err := d.folder()
	if err != nil {
		return nil, failure("open the cache", dir, err)
	}
	folder.CleanTemp(tmpDir)
	return d, nil
}

// OpenReadOnly opens the cache in dir for a command that only reads: nothing is made,
// changed or taken away there, and what would write fails. A cache that is not there is empty.
func OpenReadOnly(dir string) (*Disk, error) {
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return nil, failure("open the cache", dir, err)
	}
	d := &Disk{dir: absolute, readOnly: true, warn: func(string) {}, warned: map[string]bool{}}
	if fi, err := os.Lstat(filepath.Join(absolute, layout)); err != nil || !fi.IsDir() {
		return d, nil
	}
	d.v1, err = osfile.OpenExisting(filepath.Join(absolute, layout), nil)
	if err != nil {
		return nil, failure("open the cache", dir, err)
	}
	return d, nil
}

var errReadOnly = errors.New("it is opened for reading only")

// folder opens DIR/v1 and makes what is missing of it.
func (s *Disk) folder() (*osfile.Folder, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.readOnly {
		return nil, errReadOnly
	}
	top, err := osfile.OpenFolder(s.dir, s.warn)
	if err != nil {
		return nil, err
	}
	defer top.Close()
	// The mark by which backup programs know a cache (bford.info/cachedir). Without it all works.
	if tag, err := top.Create("CACHEDIR.TAG"); err == nil {
		tag.WriteString("Signature: 8a477f597d28d172789f06886806bc55\n# This folder is the cache of sbomctl; it can be removed at any time.\n")
		tag.Close()
	}
	folder, err := top.Sub(layout)
	if err != nil {
		return nil, err
	}
	for _, part := range []string{casDir, acDir, tmpDir, workspacesDir} {
		if err := folder.Make(part); err != nil {
			return nil, err
		}
	}
	s.v1 = folder // an earlier one stays open for those who use it just now
	return folder, nil
}

// opened returns DIR/v1 as it was opened; nil when there is none.
func (s *Disk) opened() *osfile.Folder {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.v1
}

// DefaultDir returns "sbomctl" in the user's cache folder ($XDG_CACHE_HOME or ~/.cache on
// Linux, ~/Library/Caches on macOS, %LocalAppData% on Windows). The error is an *Error.
func DefaultDir() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", failure("find the user's cache folder", "", err)
	}
	return filepath.Join(dir, "sbomctl"), nil
}

// State opens the folder in which the engine keeps what belongs to one workspace.
// workspaceRoot is the absolute path of the root, links resolved, so that one workspace has
// one folder. With OpenReadOnly it is nil when there is none.
func (s *Disk) State(workspaceRoot string) (*osfile.Folder, error) {
	sum := sha256.Sum256([]byte(filepath.Clean(workspaceRoot)))
	name := path.Join(workspacesDir, hex.EncodeToString(sum[:]))
	if s.readOnly {
		if s.v1 == nil {
			return nil, nil
		}
		state, err := s.v1.Existing(name)
		if err != nil {
			return nil, nil // nothing is known of the workspace
		}
		return state, nil
	}
	folder, err := s.folder()
	if err == nil {
		folder, err = folder.Sub(name)
	}
	if err != nil {
		return nil, s.writeFailure(err)
	}
	folder.CleanTemp(".")
	return folder, nil
}

// Dir returns the cache's folder.
func (s *Disk) Dir() string { return s.dir }

// TempDir returns the path of the folder for files being written, from which they are renamed.
func (s *Disk) TempDir() string { return filepath.Join(s.dir, layout, tmpDir) }

// entry returns the name of the entry for d in part, which is casDir or acDir.
func entry(part string, d Digest) string {
	name := d.Hex()
	return path.Join(part, name[:2], name)
}

// path returns the path of an entry, for messages.
func (s *Disk) path(name string) string {
	return filepath.Join(s.dir, layout, filepath.FromSlash(name))
}

// damaged deals with an entry that is not what its name says: one warning, and it goes out
// of the way. seen is what was looked at.
func (s *Disk) damaged(name string, seen fs.FileInfo, why string) {
	s.mu.Lock()
	if !s.warned[name] {
		s.warned[name] = true
		s.warn(fmt.Sprintf("cache entry %s is damaged and not used: %s", s.path(name), why))
	}
	s.mu.Unlock()
	if !s.readOnly {
		s.opened().DiscardVia(tmpDir, name, seen)
	}
}

// Usage is how much a cache holds.
type Usage struct {
	Blobs   int   // entries of the content-addressed store
	Results int   // entries of the action cache
	Bytes   int64 // size of both, without what the file system adds
}

// Stat counts what the cache holds. It reads folders, not files.
func (s *Disk) Stat() (Usage, error) {
	var u Usage
	for _, part := range []struct {
		name  string
		count *int
	}{{casDir, &u.Blobs}, {acDir, &u.Results}} {
		err := filepath.WalkDir(s.path(part.name), func(_ string, e fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil // somebody empties the cache
			}
			if err != nil || !e.Type().IsRegular() {
				return err
			}
			if fi, err := e.Info(); err == nil { // an entry may vanish meanwhile
				*part.count++
				u.Bytes += fi.Size()
			}
			return nil
		})
		if err != nil {
			return Usage{}, failure("read the cache", s.dir, err)
		}
	}
	return u, nil
}
