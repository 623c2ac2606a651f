package main

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/event"
)

// The records of a build are the files of --explain, --profile and --build_event_json_file. They
// are opened before anything is built: a build whose record cannot be kept is not begun.

// record is a file that a listener of the event stream writes.
type record struct {
	flag, path string
	file       *os.File
	info       fs.FileInfo
	created    bool // by this command
	listener   interface {
		event.Listener
		io.Closer
	}
}

type records []record

// openRecords opens all records and then empties them. Nothing is lost when one of them cannot be
// kept: those that were there have their bytes, the others are gone again.
func (a *app) openRecords(o options) (records, error) {
	var all records
	var errs diag.List
	for _, r := range []record{{flag: "explain", path: a.flags.explain}, {flag: "profile", path: a.flags.profile}, {flag: "build_event_json_file", path: a.flags.eventJSON}} {
		if r.path == "" {
			continue
		}
		if err := r.open(); err != nil {
			errs = append(errs, usage("cannot create the file of --"+r.flag+` "`+r.path+`": `+osReason(err)))
			continue
		}
		all = append(all, r)
		if err := a.checkRecord(r, all[:len(all)-1], o); err != nil {
			errs = append(errs, err)
		}
	}
	if err := errs.Err(); err != nil {
		all.drop()
		return nil, &usageError{err}
	}
	for i := range all {
		r := &all[i]
		if r.info.Mode().IsRegular() && r.info.Size() > 0 {
			if err := r.file.Truncate(0); err != nil {
				all.drop()
				return nil, usage("cannot empty the file of --" + r.flag + ` "` + r.path + `": ` + osReason(err))
			}
		}
		switch r.flag {
		case "explain":
			r.listener = event.NewExplain(r.file)
		case "profile":
			r.listener = event.NewTrace(r.file)
		default:
			r.listener = event.NewJSON(r.file)
		}
	}
	return all, nil
}

// open opens the file without changing what is in it.
func (r *record) open() (err error) {
	r.file, err = os.OpenFile(r.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	r.created = err == nil
	if errors.Is(err, fs.ErrExist) {
		// O_CREATE again: the path may be a link to a file that does not exist yet.
		_, statErr := os.Stat(r.path)
		r.created = errors.Is(statErr, fs.ErrNotExist)
		r.file, err = os.OpenFile(r.path, os.O_WRONLY|os.O_CREATE, 0o666)
	}
	if err != nil {
		return err
	}
	r.info, err = r.file.Stat()
	return err
}

// checkRecord refuses a file that is another record too, or that the build reads or writes.
func (a *app) checkRecord(r record, others records, o options) error {
	const hint = "name a file of its own"
	if null, err := os.Stat(os.DevNull); err == nil && os.SameFile(null, r.info) {
		return nil
	}
	for _, other := range others {
		if os.SameFile(other.info, r.info) {
			return usage("--"+other.flag+" and --"+r.flag+` write to one file, "`+r.path+`"`, hint)
		}
	}
	path, err := filepath.EvalSymlinks(r.path)
	if err != nil || !r.info.Mode().IsRegular() {
		return nil
	}
	path = a.absolute(path)
	if isBelow(path, filepath.Join(o.Root, o.OutDir)) {
		return usage("--"+r.flag+` "`+r.path+`" lies in `+o.OutDir+", which holds the outputs of builds", hint)
	}
	if dir, err := cacheFolder(o); err == nil && isBelow(path, dir) {
		return usage("--"+r.flag+` "`+r.path+`" lies in the cache`, hint)
	}
	reads := append([]string{}, a.rcRead...)
	for _, override := range o.Overrides {
		reads = append(reads, override.Path)
	}
	for _, read := range reads {
		if info, err := os.Stat(read); err == nil && os.SameFile(info, r.info) {
			return usage("--"+r.flag+` "`+r.path+`" is a file that this command reads`, hint)
		}
	}
	if isBelow(path, o.Root) && filepath.Ext(path) == filepath.Ext(workspaceFile) {
		return usage("--"+r.flag+` "`+r.path+`" is a Starlark file of the workspace`, hint)
	}
	return nil
}

// isBelow reports whether path, which has no links, lies in dir.
func isBelow(path, dir string) bool {
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	rel, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rel)
}

// drop closes the files and removes those that were not there before.
func (rs records) drop() {
	for _, r := range rs {
		r.file.Close()
		if r.created {
			if path, err := filepath.EvalSymlinks(r.path); err == nil {
				os.Remove(path)
			}
		}
	}
}

// close ends the files and reports the first error of each.
func (rs records) close() error {
	var errs diag.List
	for _, r := range rs {
		err := r.listener.Close()
		if closeErr := r.file.Close(); err == nil {
			err = closeErr
		}
		if err != nil {
			errs = append(errs, writeError("the file of --"+r.flag, err))
		}
	}
	return errs.Err()
}
