// Package outdir is the folder of results: which files builds have put there, for whom, and how they go again.
//
// Users publish what lies in it, so a document that no target makes any more must not stay beside the right
// ones. The folder keeps a Record of what was placed. It lies in the folder itself (RecordName), not in the
// cache: the cache may be deleted at any time, and a folder whose record is lost would keep its stale files
// for good. It lies at the top, not beside the files that are published.
//
// What is not in the record is never removed, and neither is a file whose bytes are not those that were
// placed. The record may name too much and never too little: it is written before the files are, and again
// after. So a build that is killed at any moment leaves a folder that the next one puts right.
//
// Nothing is made, read or removed through a symbolic link: results stay in the workspace.
package outdir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/sbomctl/sbomctl/cache/osfile"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/files"
)

// RecordName is the file of the record, at the top of the folder.
const RecordName = ".placed"

// Reserved reports whether a path is the folder's own, so that no output may be there.
func Reserved(p string) bool {
	first := p
	for dir := path.Dir(p); dir != "."; dir = path.Dir(dir) {
		first = dir
	}
	return first == RecordName || first == tempName
}

// Folder is the folder of results of a workspace. Paths are relative to it and slash-separated.
type Folder struct {
	root    string // of the workspace, for the system
	name    string // of the folder, relative to root, slash-separated
	written []byte // the record as it is on disk; nil when there is none
	record  Record
	ready   map[string]bool // directories that are there, without the temporary files of killed builds
}

// Open reads the record of the folder called name in the workspace at root. The folder need not be there. A
// record that cannot be used is as good as none; warning says so, and is "" otherwise.
func Open(root, name string) (f *Folder, warning string, err error) {
	f = &Folder{root: root, name: name, ready: map[string]bool{}}
	there, err := f.through(name)
	if err != nil || !there {
		return f, "", err
	}
	warning, err = f.read()
	f.tidy()
	return f, warning, err
}

// tidy removes what a killed build left half-written. Such a build did not come to writing the record that has
// one digest for each path.
func (f *Folder) tidy() {
	for i, e := range f.record {
		if i == 0 || e.Path != f.record[i-1].Path || e.Digest == f.record[i-1].Digest {
			continue
		}
		dir := path.Join(f.name, path.Dir(e.Path))
		if there, err := f.through(dir); err == nil && there && !f.ready[dir] {
			osfile.CleanTemp(f.onDisk(dir))
			f.ready[dir] = true
		}
	}
}

// Record is what the folder is known to hold.
func (f *Folder) Record() Record { return f.record }

// Blocked is the error of a path on which something else lies where a folder should be.
type Blocked struct {
	Path string // relative to the workspace's root
	Kind files.Kind
}

// Error says what is in the way.
func (b *Blocked) Error() string {
	return fmt.Sprintf("%s is a %s, expected a folder", b.Path, b.Kind)
}

// through looks at each directory of a path relative to the workspace's root. It reports whether all are
// there; that one is no directory is an error.
func (f *Folder) through(dir string) (bool, error) {
	if dir == "." {
		return true, nil
	}
	if ok, err := f.through(path.Dir(dir)); err != nil || !ok {
		return ok, err
	}
	switch _, kind, err := files.Lstat(f.onDisk(dir)); {
	case err != nil:
		return false, err
	case kind == files.Absent:
		return false, nil
	case kind != files.Directory:
		return false, &diag.Error{Pos: diag.File(dir), Msg: fmt.Sprintf("is a %s, expected a folder", kind), Err: &Blocked{dir, kind},
			Hints: []string{"remove " + dir + "; outputs lie in folders of the workspace itself"}}
	}
	return true, nil
}

func (f *Folder) onDisk(p string) string { return filepath.Join(f.root, filepath.FromSlash(p)) }

// Prepare makes the directory that the file p will lie in, and returns the file's name for the system.
func (f *Folder) Prepare(p string) (string, error) {
	full := path.Join(f.name, p)
	if dir := path.Dir(full); !f.ready[dir] {
		if err := f.makeDir(dir); err != nil {
			return "", err
		}
		osfile.CleanTemp(f.onDisk(dir))
		f.ready[dir] = true
	}
	return f.onDisk(full), nil
}

func (f *Folder) makeDir(dir string) error {
	if there, err := f.through(dir); err != nil || there {
		return err
	}
	if err := f.makeDir(path.Dir(dir)); err != nil {
		return err
	}
	if err := os.Mkdir(f.onDisk(dir), 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("folder %s: %w", dir, reason(err))
	}
	return nil
}

// Remove removes the file p, and the directories that are empty without it. That it is gone already is no error.
func (f *Folder) Remove(p string) error {
	full := path.Join(f.name, p)
	if there, err := f.through(path.Dir(full)); err != nil || !there {
		return err
	}
	if err := os.Remove(f.onDisk(full)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return reason(err)
	}
	for dir := path.Dir(full); dir != f.name; dir = path.Dir(dir) {
		osfile.CleanTemp(f.onDisk(dir))
		delete(f.ready, dir)
		if os.Remove(f.onDisk(dir)) != nil {
			break // something is in it
		}
	}
	return nil
}

// reason is the system's reason without the operation and the path that Go puts before it.
func reason(err error) error {
	var p *fs.PathError
	var l *os.LinkError
	switch {
	case errors.As(err, &p):
		return p.Err
	case errors.As(err, &l):
		return l.Err
	}
	return err
}
