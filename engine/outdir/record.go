package outdir

import (
	"bytes"
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
	for _, c := range []int{strings.Compare(e.Path, o.Path), strings.Compare(e.Label, o.Label), strings.Compare(e.Maker, o.Maker)} {
		if c != 0 {
			return c
		}
	}
	return strings.Compare(e.Digest, o.Digest)
}

// Record is what was placed, in any order.
type Record []Entry

// Paths returns the digests that each path may have.
func (r Record) Paths() map[string][]string {
	out := make(map[string][]string, len(r))
	for _, e := range r {
		out[e.Path] = append(out[e.Path], e.Digest)
	}
	return out
}

// format is the text of a record, sorted: a line for each entry.
func (r Record) format() []byte {
	sorted := slices.Clone(r)
	slices.SortFunc(sorted, Entry.compare)
	var b bytes.Buffer
	b.WriteString(recordHeader)
	for _, e := range slices.Compact(sorted) {
		fmt.Fprintf(&b, "%s %s %s %s\n", e.Digest, e.Label, e.Maker, e.Path)
	}
	return b.Bytes()
}

// parseRecord is the inverse of format. The file may have come from anywhere, so a path that leads out of the
// folder is refused; not ok means that it is no record.
func parseRecord(text string) (r Record, ok bool) {
	rest, ok := strings.CutPrefix(text, recordHeader)
	if !ok || rest != "" && !strings.HasSuffix(rest, "\n") {
		return nil, false
	}
	for line := range strings.Lines(rest) {
		field := strings.SplitN(strings.TrimSuffix(line, "\n"), " ", 4)
		if len(field) != 4 {
			return nil, false
		}
		e := Entry{Digest: field[0], Label: field[1], Maker: field[2], Path: field[3]}
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
