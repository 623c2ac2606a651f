package outdir

import (
	"bytes"
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/engine/files"
)

const (
	recordHeader = "sbomctl placed 1\n"
	tempName     = RecordName + ".new" // the record while it is written; one build at a time has the workspace
	maxRecord    = 1 << 30             // bytes
)

// Entry says that a file was placed, or was about to be. A path has an entry for each label that it was placed
// for, and for each of the bytes that it may hold.
type Entry struct {
	Label  string // the target that was asked for
	Maker  string // the target whose action makes the file
	Path   string
	Digest string // "<sha256>/<size>"
}

func (e Entry) compare(o Entry) int {
	if c := strings.Compare(e.Path, o.Path); c != 0 {
		return c
	}
	return cmp.Or(strings.Compare(e.Label, o.Label), strings.Compare(e.Maker, o.Maker), strings.Compare(e.Digest, o.Digest))
}

// Record is what was placed, in any order.
type Record []Entry

// Without returns the paths of r that other does not have, each with the bytes that it may hold.
func (r Record) Without(other Record) map[string][]string {
	there := make(map[string]bool, len(other))
	for _, e := range other {
		there[e.Path] = true
	}
	out := map[string][]string{}
	for _, e := range r {
		if !there[e.Path] {
			out[e.Path] = append(out[e.Path], e.Digest)
		}
	}
	return out
}

// format is the text of a record, sorted: a line for each entry.
func (r Record) format() []byte {
	if !slices.IsSortedFunc(r, Entry.compare) {
		r = slices.Clone(r)
		slices.SortFunc(r, Entry.compare)
	}
	b := make([]byte, 0, 128*(len(r)+1))
	b = append(b, recordHeader...)
	for i, e := range r {
		if i > 0 && e == r[i-1] {
			continue
		}
		for _, s := range [...]string{e.Digest, " ", e.Label, " ", e.Maker, " ", e.Path, "\n"} {
			b = append(b, s...)
		}
	}
	return b
}

// parseRecord is the inverse of format. The file may have come from anywhere, so a path that leads out of the
// folder is refused; not ok means that it is no record.
func parseRecord(text string) (r Record, ok bool) {
	rest, ok := strings.CutPrefix(text, recordHeader)
	if !ok || rest != "" && !strings.HasSuffix(rest, "\n") {
		return nil, false
	}
	for line := range strings.Lines(rest) {
		var e Entry
		e.Digest, line, _ = strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		e.Label, line, _ = strings.Cut(line, " ")
		e.Maker, e.Path, _ = strings.Cut(line, " ")
		if _, err := cache.ParseDigest(e.Digest); err != nil || !fs.ValidPath(e.Path) || e.Path == "." || strings.Contains(e.Path, `\`) || Reserved(e.Path) {
			return nil, false
		}
		r = append(r, e)
	}
	return r, true
}

func (f *Folder) read() (warning string, err error) {
	name := path.Join(f.name, RecordName)
	text, state, _, err := files.ReadBytes(f.onDisk(name), maxRecord)
	if err != nil {
		return "", err
	}
	ok := state.Kind == files.Absent
	if state.Kind == files.Regular {
		f.written = text
		f.record, ok = parseRecord(string(text))
	}
	if !ok {
		return fmt.Sprintf("%s is no record of what was placed in %s; outputs of earlier builds that no target makes any more stay there", name, f.name), nil
	}
	return "", nil
}

// Write replaces the record, at once and only when it differs. An empty one is removed, and the folder with it
// when nothing else is in it.
func (f *Folder) Write(r Record) error {
	text := r.format()
	if bytes.Equal(text, f.written) || len(r) == 0 && f.written == nil {
		return nil
	}
	name := path.Join(f.name, RecordName)
	if err := f.makeDir(f.name); err != nil {
		return err
	}
	if len(r) == 0 {
		if err := os.Remove(f.onDisk(name)); err != nil {
			return reason(err)
		}
		os.Remove(f.onDisk(f.name)) // fails when it is not empty
		f.written, f.record = nil, nil
		return nil
	}
	if err := f.replace(name, text); err != nil {
		return reason(err)
	}
	f.written, f.record = text, r
	return nil
}

func (f *Folder) replace(name string, text []byte) error {
	temp := f.onDisk(path.Join(f.name, tempName))
	os.Remove(temp) // of a build that was killed; not written through, should it be a link
	w, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	if e := w.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(temp, f.onDisk(name))
	}
	if err != nil {
		os.Remove(temp)
	}
	return err
}
