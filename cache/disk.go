package cache

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// layout is the version of the folder's shape; another one lies beside it.
const layout = "v1"

// Disk is a Store and an ActionCache in a folder, which any number of processes may share.
type Disk struct {
	dir      string // as given, made absolute
	cas      string
	ac       string
	tmp      string
	verified sync.Map // Digest to *verification

	// The two ways in which bytes reach a disk; tests put a full one in their place.
	write func(to *os.File, b []byte) (int, error)
	copy  func(to io.Writer, from io.Reader) (int64, error) // by the kernel, between files

	mu     sync.Mutex
	warn   func(string)
	warned map[string]bool // paths
}

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
		cas:    filepath.Join(absolute, layout, "cas"),
		ac:     filepath.Join(absolute, layout, "ac"),
		tmp:    filepath.Join(absolute, layout, "tmp"),
		write:  (*os.File).Write,
		copy:   io.Copy,
		warn:   warn,
		warned: map[string]bool{},
	}
	if fi, err := os.Stat(d.tmp); err != nil || !fi.IsDir() {
		if err := d.make(); err != nil {
			return nil, failure("open the cache", dir, err)
		}
	}
	CleanTemp(d.tmp)
	return d, nil
}

// make creates the folders; tmp comes last, because its presence says that all are there.
func (s *Disk) make() error {
	for _, dir := range []string{s.cas, s.ac, s.tmp} {
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return err
		}
	}
	// The mark by which backup programs know a cache (bford.info/cachedir). Without it all works.
	tag, err := os.OpenFile(filepath.Join(s.dir, "CACHEDIR.TAG"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err == nil {
		tag.WriteString("Signature: 8a477f597d28d172789f06886806bc55\n# This folder is the cache of sbomctl; it can be removed at any time.\n")
		tag.Close()
	}
	return nil
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

// StatePath returns the folder in which the engine keeps what belongs to one workspace; it
// need not exist. workspaceRoot is the absolute path of the root, links resolved, so that
// one workspace has one folder.
func StatePath(dir, workspaceRoot string) string {
	sum := sha256.Sum256([]byte(filepath.Clean(workspaceRoot)))
	return filepath.Join(dir, layout, "workspaces", hex.EncodeToString(sum[:]))
}

// Dir returns the cache's folder.
func (s *Disk) Dir() string { return s.dir }

// entry returns the path of the entry for d in root, which is s.cas or s.ac.
func entry(root string, d Digest) string {
	name := d.Hex()
	return filepath.Join(root, name[:2], name)
}

// damaged deals with an entry that is not what its name says: one warning, and it goes out
// of the way. seen is the file that was looked at (nil: it could not be opened). It is
// renamed before it is removed, because another process may have put a good one in its
// place in the meantime; that one goes back.
func (s *Disk) damaged(path string, seen fs.FileInfo, why string) {
	s.warnOnce(path, why)
	if seen == nil {
		var err error
		if seen, err = os.Lstat(path); err != nil {
			return
		}
	}
	aside := tempName(s.tmp)
	if os.Rename(path, aside) != nil {
		return
	}
	if now, err := os.Lstat(aside); err == nil && !sameFile(seen, now) {
		if os.Rename(aside, path) == nil {
			return
		}
	}
	os.RemoveAll(aside)
}

// unblock takes away what lies in the place of one of the 256 folders and is none.
func (s *Disk) unblock(folder string) {
	if fi, err := os.Stat(folder); err == nil && fi.IsDir() {
		return
	}
	if fi, err := os.Lstat(folder); err == nil && !fi.IsDir() {
		s.damaged(folder, fi, "it is no folder")
	}
}

func (s *Disk) warnOnce(path, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.warned[path] {
		s.warned[path] = true
		s.warn(fmt.Sprintf("cache entry %s is damaged and not used: %s", path, why))
	}
}

// sameFile reports that a and b are one file that nobody has written to in between.
func sameFile(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
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
		root  string
		count *int
	}{{s.cas, &u.Blobs}, {s.ac, &u.Results}} {
		err := filepath.WalkDir(part.root, func(_ string, e fs.DirEntry, err error) error {
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
