package files

import (
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// maxEntries bounds a listing, so that a hostile directory costs bounded memory.
const maxEntries = 4 << 20

// List returns the entries of a directory, sorted by name in byte order, and the directory's
// signature: while it is Fresh, List would return the same. The directory itself may not be a
// link (a caller resolves the root of a tree first). Where dir is absent or no directory, errors.Is(err,
// fs.ErrNotExist) holds.
func List(dir string) ([]Entry, Sig, error) {
	for range attempts {
		start := time.Now()
		entries, before, after, err := readDir(dir)
		if err != nil {
			if absent(err, dir) || isNotDirectory(err) {
				return nil, Sig{}, &diag.Error{Pos: diag.File(Printable(dir)), Msg: "no such directory", Err: fs.ErrNotExist}
			}
			return nil, Sig{}, pathError(dir, err)
		}
		if len(entries) > maxEntries {
			return nil, Sig{}, &diag.Error{Pos: diag.File(Printable(dir)), Msg: "has more than " + strconv.Itoa(maxEntries) + " entries"}
		}
		if before.Same(after) {
			slices.SortFunc(entries, func(a, b Entry) int { return strings.Compare(a.Name, b.Name) })
			before.Racy = before.racy(start)
			return entries, before, nil
		}
	}
	return nil, Sig{}, &diag.Error{Pos: diag.File(Printable(dir)), Msg: "changes while it is being listed; it must stay as it is during a build"}
}
