package audit

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/sbomctl/sbomctl/cache/osfile"
	"github.com/sbomctl/sbomctl/rules/pin"
)

// HistoryName is the name of a history file. One at the root of a workspace is no part of any tree.
const HistoryName = "pin-history.jsonl"

// Record is a line of a history: what an audit saw of one image. A line is only ever added, so what lies between two of them is between their times.
type Record struct {
	Schema   int                `json:"schema"` // historySchema
	Time     time.Time          `json:"time"`
	Image    string             `json:"image"` // repository
	Tag      string             `json:"tag"`
	Seen     string             `json:"seen,omitempty"`   // digest that the tag had; "" when it is not known, or Gone
	Gone     bool               `json:"gone,omitempty"`   // there was no such tag
	Pinned   string             `json:"pinned,omitempty"` // digest that was declared
	Verdicts map[string]Outcome `json:"verdicts"`         // by the name of the level; of those that were tried
}

// historySchema is the number in each line. It is raised when a field changes its meaning.
const historySchema = 1

// heartbeat is how often a line is added although nothing changed, so that it is known when something was last seen.
const heartbeat = 24 * time.Hour

// What is read of a history is bounded: the end of the file, and no line that is longer than any of ours.
const (
	maxHistory = 64 << 20
	maxLine    = 16 << 10
)

// Records returns what an audit at that time saw.
func Records(results []Result, at time.Time) []Record {
	out := []Record{}
	for i := range results {
		r := &results[i]
		rec := Record{historySchema, at.UTC().Truncate(time.Second), r.Image.Repository, r.Image.Tag, r.Tag, r.Asked && r.Tag == "", r.Image.Digest, map[string]Outcome{}}
		for l, v := range r.Verdicts {
			if v.Outcome != NotTried {
				rec.Verdicts[Names[l]] = v.Outcome
			}
		}
		out = append(out, rec)
	}
	return out
}

// same reports whether r adds nothing to an earlier line of its image.
func (r *Record) same(before *Record) bool {
	known := r.Seen != "" || r.Gone // else it says nothing of the tag
	if known && (r.Seen != before.Seen || r.Gone != before.Gone) || r.Pinned != before.Pinned {
		return false
	}
	for name, v := range r.Verdicts { // a level that was not tried says nothing
		if before.Verdicts[name] != v {
			return false
		}
	}
	age := r.Time.Sub(before.Time)
	return age >= 0 && age < heartbeat
}

// History is a history file.
type History struct {
	Path string
	Warn func(message string) // told of lines that are none; nil discards
}

// Read returns the lines of the file in their order; none when there is no file.
func (h *History) Read() ([]Record, error) {
	if err := h.fit(); err != nil {
		return nil, err
	}
	f, err := os.Open(h.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, osfile.Reason(err)
	}
	defer f.Close()
	return h.read(f)
}

// fit refuses what is no ordinary file under the name.
func (h *History) fit() error {
	fi, err := os.Lstat(h.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return osfile.Reason(err)
	case !fi.Mode().IsRegular():
		return errors.New("it is no ordinary file")
	}
	return nil
}

// read reads what is open; a line that is none, such as one that was being written when its writer was killed, is passed over.
func (h *History) read(f *os.File) ([]Record, error) {
	fi, err := f.Stat()
	if err != nil {
		return nil, osfile.Reason(err)
	}
	skip := max(0, fi.Size()-maxHistory)
	if _, err := f.Seek(skip, io.SeekStart); err != nil {
		return nil, osfile.Reason(err)
	}
	in := bufio.NewReaderSize(io.LimitReader(f, maxHistory), maxLine)
	var out []Record
	bad := 0
	for first := true; ; first = false {
		line, err := in.ReadSlice('\n')
		whole := err == nil
		for err == bufio.ErrBufferFull {
			_, err = in.ReadSlice('\n')
		}
		if rec, ok := parseRecord(line); whole && ok {
			out = append(out, rec)
		} else if len(bytes.TrimSpace(line)) > 0 && !(first && skip > 0) {
			bad++
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, osfile.Reason(err)
		}
	}
	if bad > 0 && h.Warn != nil {
		h.Warn(fmt.Sprintf("%s: passed over %s that an audit did not write", h.Path, count(bad, "line")))
	}
	return out, nil
}

// isDigest reports whether s is a digest that an audit wrote; "" is that nothing was known.
func isDigest(s string) bool { return s == "" || pin.CheckDigest(s) == nil }

// parseRecord reads a line. False is for what no audit wrote.
func parseRecord(line []byte) (Record, bool) {
	var r Record
	if json.Unmarshal(line, &r) != nil || r.Schema != historySchema || r.Image == "" || r.Time.IsZero() ||
		!isDigest(r.Seen) || !isDigest(r.Pinned) {
		return Record{}, false
	}
	return r, true
}

// Append adds those of records that say something new. The file is made when there is none. Whoever else appends at the same time is
// waited for, until ctx ends.
func (h *History) Append(ctx context.Context, records []Record) error {
	if err := h.fit(); err != nil {
		return err
	}
	folder, err := osfile.OpenFolder(filepath.Dir(h.Path), h.Warn)
	if err != nil {
		return osfile.Reason(err)
	}
	defer folder.Close()
	f, err := folder.Lock(ctx, filepath.Base(h.Path))
	if err != nil {
		return osfile.Reason(err)
	}
	defer f.Close()
	before, err := (&History{Path: h.Path}).read(f)
	if err != nil {
		return err
	}
	last := map[[2]string]*Record{}
	for i := range before {
		last[before[i].key()] = &before[i]
	}
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return osfile.Reason(err)
	}
	var b bytes.Buffer
	if end > 0 {
		var c [1]byte
		if _, err := f.ReadAt(c[:], end-1); err != nil {
			return osfile.Reason(err)
		}
		if c[0] != '\n' { // its writer was killed; what it began is no line
			b.WriteByte('\n')
		}
	}
	for i := range records {
		r := &records[i]
		if l := last[r.key()]; l != nil && r.same(l) {
			continue
		}
		last[r.key()] = r
		line, err := json.Marshal(r)
		if err != nil {
			return err
		}
		b.Write(append(line, '\n'))
	}
	if b.Len() <= 1 {
		return nil
	}
	if _, err := f.Write(b.Bytes()); err != nil {
		return osfile.Reason(err)
	}
	if err := f.Close(); err != nil {
		return osfile.Reason(err)
	}
	return nil
}

// key is what a line is about.
func (r *Record) key() [2]string { return [2]string{r.Image, r.Tag} }

// Stretch is a time in which all audits saw a tag in the same state.
type Stretch struct {
	Image  string    `json:"image"`
	Tag    string    `json:"tag"`
	Seen   string    `json:"seen,omitempty"` // digest; "" when the tag was gone
	First  time.Time `json:"first"`
	Last   time.Time `json:"last"`
	Pinned bool      `json:"pinned"` // it was what was declared, at the last
}

// Stretches says where tags pointed, by image in the order of their first line, and then in the order of the lines.
func Stretches(records []Record) [][]Stretch {
	var out [][]Stretch
	at := map[[2]string]int{}
	for i := range records {
		r := &records[i]
		if r.Seen == "" && !r.Gone {
			continue // it was not known
		}
		n, ok := at[r.key()]
		if !ok {
			n = len(out)
			at[r.key()] = n
			out = append(out, nil)
		}
		all := out[n]
		if len(all) == 0 || all[len(all)-1].Seen != r.Seen {
			all = append(all, Stretch{Image: r.Image, Tag: r.Tag, Seen: r.Seen, First: r.Time})
		}
		s := &all[len(all)-1]
		s.Last, s.Pinned = r.Time, r.Seen != "" && r.Seen == r.Pinned
		out[n] = all
	}
	return out
}
