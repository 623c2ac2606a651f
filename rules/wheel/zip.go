package wheel

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// members is a wheel's table of contents, checked as a whole before any entry is read.
type members struct {
	path   string // of the wheel, for errors
	files  []*zip.File
	byName map[string]*zip.File
}

// openZip reads the table of contents. What unpacking would do is judged although nothing is
// unpacked: a wheel that is a bomb or writes outside its folder is not one to describe.
func openZip(r io.ReaderAt, size int64, path string) (*members, error) {
	bad := func(cause error, format string, args ...any) error {
		return &diag.Error{Pos: diag.File(path), Err: cause, Msg: fmt.Sprintf(format, args...)}
	}
	if size > MaxWheelBytes {
		return nil, bad(nil, "wheel has %d bytes, expected at most %d", size, MaxWheelBytes)
	}
	budget := &budgetReaderAt{r: r, left: maxDirectoryBytes}
	z, err := zip.NewReader(budget, size)
	switch {
	case errors.Is(err, errBudget):
		return nil, bad(err, "table of contents of the wheel has more than %d bytes", maxDirectoryBytes)
	case err != nil:
		return nil, bad(err, "not a wheel: its zip archive is damaged or cut off")
	}
	budget.left = -1
	if len(z.File) > maxEntries {
		return nil, bad(nil, "wheel has %d entries, expected at most %d", len(z.File), maxEntries)
	}
	m := &members{path: path, files: z.File, byName: make(map[string]*zip.File, len(z.File))}
	var packed, unpacked uint64
	for _, f := range z.File {
		if why := badMemberName(f.Name); why != "" {
			return nil, bad(nil, "wheel has an entry %s, which %s", clip(f.Name), why)
		}
		if mode := f.Mode(); mode&^fs.ModePerm&^fs.ModeDir&^fs.ModeSetuid&^fs.ModeSetgid&^fs.ModeSticky != 0 {
			return nil, bad(nil, "wheel has an entry %s, which is neither a file nor a folder", clip(f.Name))
		}
		name := strings.TrimSuffix(f.Name, "/")
		if m.byName[name] != nil {
			return nil, bad(nil, "wheel has two entries %s", clip(name))
		}
		m.byName[name] = f
		if f.UncompressedSize64 > maxUnpacked || f.CompressedSize64 > uint64(size) {
			return nil, bad(nil, "entry %s of the wheel is too large to be right (%d bytes, %d packed)", clip(f.Name), f.UncompressedSize64, f.CompressedSize64)
		}
		packed += f.CompressedSize64
		unpacked += f.UncompressedSize64
	}
	switch {
	case packed > uint64(size):
		return nil, bad(nil, "entries of the wheel overlap: %d packed bytes in a file of %d", packed, size)
	case unpacked > maxUnpacked, unpacked > 16<<20 && unpacked/maxRatio > packed:
		return nil, bad(nil, "wheel unpacks from %d to %d bytes, which is too much to be right", packed, unpacked)
	}
	return m, nil
}

// read returns the bytes of a small entry; nil without an error when there is none of that name.
func (m *members) read(name string) ([]byte, error) {
	f := m.byName[name]
	if f == nil || strings.HasSuffix(f.Name, "/") {
		return nil, nil
	}
	bad := func(cause error, format string, args ...any) error {
		return &diag.Error{Pos: diag.File(m.path + "!" + name), Err: cause, Msg: fmt.Sprintf(format, args...)}
	}
	if f.Flags&1 != 0 {
		return nil, bad(nil, "entry is encrypted")
	}
	if f.Method != zip.Store && f.Method != zip.Deflate {
		return nil, bad(nil, "entry is packed by method %d, expected stored or deflated", f.Method)
	}
	if f.UncompressedSize64 > maxMember {
		return nil, bad(nil, "entry has %d bytes, expected at most %d", f.UncompressedSize64, maxMember)
	}
	in, err := f.Open()
	if err != nil {
		return nil, bad(err, "entry is damaged")
	}
	defer in.Close()
	b, err := io.ReadAll(io.LimitReader(in, maxMember+1))
	if err != nil {
		return nil, bad(err, "entry is damaged")
	}
	if uint64(len(b)) != f.UncompressedSize64 {
		return nil, bad(nil, "entry does not have the %d bytes that the table of contents says", f.UncompressedSize64)
	}
	return b, nil
}

// names returns the paths of all files, for suggestions.
func (m *members) names() []string {
	var out []string
	for _, f := range m.files {
		if !strings.HasSuffix(f.Name, "/") {
			out = append(out, f.Name)
		}
	}
	return out
}

// badMemberName says why an entry's path is not one that stays in the folder, or "".
func badMemberName(s string) string {
	switch {
	case s == "" || !utf8.ValidString(s):
		return "is not text"
	case len(s) > 4096:
		return "is too long"
	case strings.HasPrefix(s, "/"):
		return "is an absolute path"
	case strings.ContainsFunc(s, unicode.IsControl):
		return "has a control character"
	case strings.ContainsAny(s, `\:`):
		return "has a letter that is a separator on some systems"
	}
	for _, seg := range strings.Split(strings.TrimSuffix(s, "/"), "/") {
		if seg == "" || seg == "." || seg == ".." {
			return "is not a plain path inside the wheel"
		}
	}
	return ""
}

var errBudget = errors.New("too much to read")

// budgetReaderAt bounds what the zip reader may read, and so hold, to list the entries:
// the count that the archive states binds nobody. Less than zero is no bound.
type budgetReaderAt struct {
	r    io.ReaderAt
	left int64
}

func (b *budgetReaderAt) ReadAt(p []byte, off int64) (int, error) {
	if b.left >= 0 {
		if int64(len(p)) > b.left {
			return 0, errBudget
		}
		b.left -= int64(len(p))
	}
	return b.r.ReadAt(p, off)
}
