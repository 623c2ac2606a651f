package container

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/cache/reapi"
	"github.com/sbomctl/sbomctl/engine/action"
)

// Listing says what a command left in its tree beside its outputs, as JSON.
type Listing struct {
	Left    []Left   `json:"left"`    // what it made or changed, sorted by path
	Removed []string `json:"removed"` // inputs that are gone, sorted
	Omitted int      `json:"omitted"` // how many of Left are not listed
	Changed []Effect `json:"changed"` // what was changed for a perturbed run; none otherwise
}

// Left is one thing that a command left.
type Left struct {
	Path       string `json:"path"`
	Kind       string `json:"kind"` // "file", "link", "folder", "fifo", "socket", "device"
	Size       int64  `json:"size,omitempty"`
	SHA256     string `json:"sha256,omitempty"`
	Executable bool   `json:"executable,omitempty"`
	Target     string `json:"target,omitempty"` // of a link
}

// Effect is one thing that a perturbed run changes.
type Effect struct {
	What string `json:"what"`          // "clock", "time zone"
	To   string `json:"to,omitempty"`  // what it was changed to
	Why  string `json:"why,omitempty"` // why it was not changed, or not wholly
}

// Bounds of a listing.
const (
	maxLeft      = 20_000
	maxLeftBytes = 8 << 30 // of all files that are hashed
)

func (l *Listing) encode() ([]byte, error) { return json.Marshal(l) }

// ParseListing reads a listing.
func ParseListing(b []byte) (*Listing, error) {
	l := &Listing{}
	return l, json.Unmarshal(b, l)
}

// list looks at what a command left in its tree. outputs are not in it, nor inputs that are as they were.
func list(ctx context.Context, s *action.Spec, tree string) (*Listing, error) {
	inputs := map[string]action.File{}
	folders := map[string]bool{}
	for _, in := range s.Inputs {
		for _, f := range in.Files {
			inputs[f.Path] = f
			for dir := path.Dir(f.Path); dir != "." && !folders[dir]; dir = path.Dir(dir) {
				folders[dir] = true
			}
		}
	}
	outputs := map[string]bool{}
	for _, o := range s.Outputs {
		at := path.Join(s.Dir, o)
		outputs[at] = true
		for dir := path.Dir(at); dir != "." && !folders[dir]; dir = path.Dir(dir) {
			folders[dir] = true // whoever makes the output makes its folder
		}
	}
	l := &Listing{Left: []Left{}, Removed: []string{}, Changed: []Effect{}}
	seen := map[string]bool{}
	bytes := int64(0)
	tree = strings.TrimSuffix(tree, "/") + "/" // it may be a link into a sandbox
	err := filepath.WalkDir(tree, func(p string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if p == tree {
			return err
		}
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(tree, p)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		seen[rel] = true
		info, err := d.Info()
		if err == nil {
			err = reopen(p, info)
		}
		if err != nil || outputs[rel] || d.IsDir() && folders[rel] {
			return err
		}
		if len(l.Left) >= maxLeft {
			l.Omitted++
			return nil
		}
		left := Left{Path: printable(rel), Kind: kindName(info.Mode())}
		switch {
		case info.Mode().IsRegular():
			if bytes += info.Size(); bytes > maxLeftBytes {
				l.Omitted++
				return nil
			}
			sum, err := hashFile(p, info)
			if err != nil {
				return err
			}
			left.Size, left.Executable, left.SHA256 = info.Size(), info.Mode()&0o111 != 0, hex.EncodeToString(sum[:])
			if f, ok := inputs[rel]; ok && f.Digest.Hash == sum && f.Executable == left.Executable {
				return nil
			}
		case info.Mode()&fs.ModeSymlink != 0:
			target, err := os.Readlink(p)
			if err != nil {
				return err
			}
			left.Target = printable(target)
		}
		l.Left = append(l.Left, left)
		return nil
	})
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, diskError("list what "+s.String()+" left", err)
	}
	for p := range inputs {
		if !seen[p] {
			l.Removed = append(l.Removed, p)
		}
	}
	slices.Sort(l.Removed)
	slices.SortFunc(l.Left, func(a, b Left) int { return cmp.Compare(a.Path, b.Path) })
	return l, nil
}

// printable is a name that need not be UTF-8 as one that JSON can hold.
func printable(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	q := fmt.Sprintf("%q", s)
	return q[1 : len(q)-1]
}

func hashFile(name string, info fs.FileInfo) (sum [sha256.Size]byte, err error) {
	if info.Mode().Perm()&0o400 == 0 {
		if err := os.Chmod(name, info.Mode().Perm()|0o400); err != nil {
			return sum, err
		}
	}
	f, err := os.Open(name)
	if err != nil {
		return sum, err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return sum, err
	}
	return [sha256.Size]byte(h.Sum(nil)), nil
}

// output is the listing as the output of that name.
func (l *Listing) output(ctx context.Context, store cache.Store, name string) (reapi.OutputFile, error) {
	b, err := l.encode()
	if err != nil {
		return reapi.OutputFile{}, err
	}
	out := reapi.OutputFile{Path: name, Digest: cache.Of(b)}
	if len(b) <= action.MaxInline {
		out.Contents = b
		return out, nil
	}
	_, err = store.Put(ctx, b)
	return out, err
}
