package osfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

// Folder is an open folder. Names are slash-separated paths below it. It may be used
// concurrently.
type Folder struct {
	root *os.Root
	warn func(string)
}

// OpenFolder opens the folder at path, which is made when it is missing. The user chose
// path, so links on the way to it are followed. warn is told, in one line, of what was in
// the way below it and was taken away; nil discards.
func OpenFolder(path string, warn func(msg string)) (*Folder, error) {
	if err := os.MkdirAll(path, 0o777); err != nil {
		return nil, err
	}
	return OpenExisting(path, warn)
}

// OpenExisting is OpenFolder for one that is not made.
func OpenExisting(path string, warn func(msg string)) (*Folder, error) {
	if fi, err := os.Stat(path); err != nil {
		return nil, err
	} else if !fi.IsDir() { // to open a fifo would wait for its other end
		return nil, &fs.PathError{Op: "open", Path: path, Err: errNotDir}
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	if warn == nil {
		warn = func(string) {}
	}
	return &Folder{root, warn}, nil
}

// Path returns the path of what has that name in the folder, for messages.
func (f *Folder) Path(name string) string {
	return filepath.Join(f.root.Name(), filepath.FromSlash(name))
}

// Close gives the folder free. Files that were opened in it stay open.
func (f *Folder) Close() error { return f.root.Close() }

// Make makes the folder of that name, and those above it. A link, or whatever else is no
// folder, is taken away first, with a warning: what a link leads to belongs to somebody else.
func (f *Folder) Make(name string) error {
	if name == "." {
		return nil
	}
	for range attempts {
		fi, err := f.root.Lstat(name)
		switch {
		case err == nil && fi.IsDir():
			return nil
		case err == nil:
			f.warn(fmt.Sprintf("%s is no folder of the cache and is made anew: %s", f.Path(name), NoFolder(fi)))
			f.Discard(name, fi)
			continue
		}
		if above := path.Dir(name); above != "." {
			if err := f.Make(above); err != nil {
				return err
			}
		}
		if err = f.root.Mkdir(name, 0o777); err == nil || !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return &fs.PathError{Op: "mkdir", Path: f.Path(name), Err: errNotDir}
}

// Sub opens the folder of that name after Make.
func (f *Folder) Sub(name string) (*Folder, error) {
	if err := f.Make(name); err != nil {
		return nil, err
	}
	return f.Existing(name)
}

// Existing opens the folder of that name when there is one.
func (f *Folder) Existing(name string) (*Folder, error) {
	fi, err := f.root.Lstat(name)
	if err == nil && !fi.IsDir() {
		err = &fs.PathError{Op: "open", Path: f.Path(name), Err: errNotDir}
	}
	if err != nil {
		return nil, err
	}
	root, err := f.root.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	return &Folder{root, f.warn}, nil
}

// Create creates a file that is not there yet.
func (f *Folder) Create(name string) (*os.File, error) {
	return f.root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
}

// attempts is how often a race against another process is run again.
const attempts = 5

// OddError says that something has a file's name and cannot be used as one.
type OddError struct {
	Seen fs.FileInfo // what it is
	Why  string      // "it is a folder", ...
}

func (e *OddError) Error() string { return e.Why }

// Unfit says why fi cannot be used as a file, "" when it is an ordinary one.
func Unfit(fi fs.FileInfo) string {
	switch mode := fi.Mode(); {
	case mode.IsRegular():
		return ""
	case mode.IsDir():
		return "it is a folder"
	case mode&fs.ModeSymlink != 0:
		return "it is a symbolic link"
	}
	return "it is no ordinary file"
}

// Open opens the ordinary file of that name, with flag of os.O_RDONLY, os.O_RDWR or
// os.O_WRONLY. Anything else that has the name, and a file that may not be opened, is an
// *OddError.
func (f *Folder) Open(name string, flag int) (*os.File, fs.FileInfo, error) {
	for range attempts {
		seen, err := f.root.Lstat(name)
		if err != nil {
			return nil, nil, err
		}
		if why := Unfit(seen); why != "" {
			return nil, nil, &OddError{seen, why}
		}
		file, err := f.root.OpenFile(name, flag|noWait, 0)
		switch {
		case errors.Is(err, fs.ErrPermission):
			return nil, nil, &OddError{seen, Reason(err).Error()}
		case err != nil:
			return nil, nil, err
		}
		fi, err := file.Stat()
		if err == nil && os.SameFile(seen, fi) {
			return file, fi, nil
		}
		file.Close()
		if err != nil {
			return nil, nil, err
		}
		// Another process has replaced it in between.
	}
	return nil, nil, &fs.PathError{Op: "open", Path: f.Path(name), Err: errors.New("it is replaced again and again")}
}

// Lstat describes what has that name.
func (f *Folder) Lstat(name string) (fs.FileInfo, error) { return f.root.Lstat(name) }

// Rename gives a file another name in the folder, in place of what has it.
func (f *Folder) Rename(from, to string) error { return f.root.Rename(from, to) }

// Remove removes the file of that name.
func (f *Folder) Remove(name string) error { return f.root.Remove(name) }

// RemoveAll removes what has that name; of a link, the link itself.
func (f *Folder) RemoveAll(name string) error { return f.root.RemoveAll(name) }

// List returns the names in a folder, sorted.
func (f *Folder) List(name string) ([]fs.DirEntry, error) { return fs.ReadDir(f.root.FS(), name) }

// NoFolder says why fi cannot be used as a folder, "" when it is one.
func NoFolder(fi fs.FileInfo) string {
	switch why := Unfit(fi); {
	case fi.IsDir():
		return ""
	case why == "":
		return "it is an ordinary file"
	default:
		return why
	}
}

// Discard takes away what has that name, if it still is what was seen. It is renamed before
// it is removed, because another process may have put a good file in its place in the
// meantime; that one goes back.
func (f *Folder) Discard(name string, seen fs.FileInfo) {
	f.DiscardVia(path.Dir(name), name, seen)
}

// DiscardVia is Discard with the folder in which the thing lies while it is removed: what
// cannot be removed stays there.
func (f *Folder) DiscardVia(dir, name string, seen fs.FileInfo) {
	aside := path.Join(dir, tempName())
	if f.root.Rename(name, aside) != nil {
		return
	}
	if now, err := f.root.Lstat(aside); err == nil && !Same(seen, now) {
		if f.root.Rename(aside, name) == nil {
			return
		}
	}
	f.root.RemoveAll(aside)
}

// Same reports that a and b are one file that nobody has written to in between.
func Same(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// Temp creates a file of a name of its own in dir, for writing. When its process is killed,
// CleanTemp takes it away.
func (f *Folder) Temp(dir string, perm fs.FileMode) (file *os.File, name string, err error) {
	for {
		name = path.Join(dir, tempName())
		file, err = f.root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, perm)
		if !errors.Is(err, fs.ErrExist) { // left behind by an earlier process of the same number
			return file, name, err
		}
	}
}

// CleanTemp removes from dir the temporary files of processes that do not run any more.
// Files of other machines, and of a process whose number is in use again, stay.
func (f *Folder) CleanTemp(dir string) {
	entries, err := f.List(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if abandoned(e.Name()) {
			f.root.RemoveAll(path.Join(dir, e.Name()))
		}
	}
}
