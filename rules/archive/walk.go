package archive

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/files"
	"github.com/sbomctl/sbomctl/engine/tree"
)

// walker turns a tar stream into entries. It accepts regular files and directories below one
// directory, and links between regular files (see link.go); everything that two tar readers
// could take for different things is refused.
type walker struct {
	pos      string // the archive, in messages
	prefix   string // directory that every member must lie below; "" when there is none
	auto     bool   // prefix is the first segment of the first member
	maxFiles int

	in      *tarReader
	hasher  *files.Hasher
	buf     []byte
	entries []tree.Entry
	paths   map[string]node // every path below prefix, parents of members too
	members int
	names   int // bytes of all names
	links   []symlink
}

// node is what a path is; entry is its index in entries unless it is a directory.
type node struct {
	kind  kind
	entry int32
}

type kind int8

const (
	directory kind = iota + 1
	regular
	symbolic
)

// member returns the diagnostic that blames the member called name.
func (w *walker) member(name, format string, args ...any) error {
	return &diag.Error{Pos: diag.File(w.pos), Msg: "member " + strconv.Quote(name) + ": " + fmt.Sprintf(format, args...)}
}

func (w *walker) fail(format string, args ...any) error {
	return &diag.Error{Pos: diag.File(w.pos), Msg: fmt.Sprintf(format, args...)}
}

// walk reads r to its end.
func (w *walker) walk(r io.Reader) error {
	w.in = &tarReader{r: r}
	w.buf = make([]byte, 128<<10)
	w.paths = map[string]node{}
	archive := tar.NewReader(w.in)
	last := ""
	for {
		header, err := archive.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return w.tarError(err, last)
		}
		last = header.Name
		if err := w.add(archive, header); err != nil {
			return err
		}
	}
	if w.in.zeros < 2*blockSize {
		return w.truncated(last)
	}
	if err := w.padding(); err != nil {
		return err
	}
	if err := w.resolve(); err != nil {
		return err
	}
	if len(w.entries) == 0 {
		return w.fail("has no files")
	}
	return nil
}

// tarError says what is wrong behind the member called last.
func (w *walker) tarError(err error, last string) error {
	where := "at its first member"
	if last != "" {
		where = "after member " + strconv.Quote(last)
	}
	switch {
	case w.in.err != nil:
		return w.in.err
	case errors.Is(err, io.ErrUnexpectedEOF):
		return w.truncated(last)
	case errors.Is(err, tar.ErrFieldTooLong):
		return w.fail("has a name or extended header of more than 1 MiB %s", where)
	}
	return w.fail("is corrupt: the tar header %s is damaged or its checksum does not match", where)
}

func (w *walker) truncated(last string) error {
	if last == "" {
		return w.fail("is truncated: the tar archive ends before its first member")
	}
	return w.fail("is truncated: the tar archive ends too early, after or in member %q", last)
}

// padding reads what follows the end-of-archive mark: zeros, as tar fills its last record.
func (w *walker) padding() error {
	for {
		n, err := w.in.Read(w.buf)
		if len(bytes.TrimLeft(w.buf[:n], "\x00")) > 0 {
			return w.fail("has trailing data after the tar archive's end")
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// add checks one member and, when it is a file, reads it.
func (w *walker) add(archive *tar.Reader, header *tar.Header) error {
	if w.members++; w.members > w.maxFiles {
		return w.tooMany()
	}
	if w.names += len(header.Name) + len(header.Linkname); w.names > tree.MaxAllPaths {
		return w.fail("has more than %d bytes of member names", tree.MaxAllPaths)
	}
	for key := range header.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return w.member(header.Name, "is a sparse file, which is not supported")
		}
	}
	switch header.Typeflag {
	case tar.TypeXGlobalHeader:
		return w.global(header)
	case tar.TypeReg, tar.TypeDir, tar.TypeLink, tar.TypeSymlink:
	case tar.TypeGNUSparse:
		return w.member(header.Name, "is a sparse file, which is not supported")
	case tar.TypeChar, tar.TypeBlock:
		return w.member(header.Name, "is a device, expected a file, directory or link")
	case tar.TypeFifo:
		return w.member(header.Name, "is a named pipe, expected a file, directory or link")
	default:
		return w.member(header.Name, "has the unknown type %q, expected a file, directory or link", string(rune(header.Typeflag)))
	}
	if header.Typeflag != tar.TypeReg && header.Size != 0 {
		return w.member(header.Name, "is no file but has %d bytes of data", header.Size)
	}

	name := header.Name
	if header.Typeflag == tar.TypeDir {
		name = strings.TrimSuffix(name, "/")
		if name == "." {
			return nil
		}
	}
	name = strings.TrimPrefix(name, "./")
	if err := tree.CheckPath(name); err != nil {
		return w.member(header.Name, "its path %v", err)
	}
	rel, err := w.strip(name, header)
	if err != nil || rel == "" {
		return err
	}
	switch header.Typeflag {
	case tar.TypeDir:
		return w.claim(header.Name, rel, directory)
	case tar.TypeLink:
		if err := w.claim(header.Name, rel, regular); err != nil {
			return err
		}
		return w.hardLink(header, rel)
	case tar.TypeSymlink:
		if err := w.claim(header.Name, rel, symbolic); err != nil {
			return err
		}
		return w.symbolicLink(header, name, rel)
	}
	if err := w.claim(header.Name, rel, regular); err != nil {
		return err
	}
	return w.file(archive, header, rel)
}

// global checks a header that stands for all members behind it. git archive writes one with
// the commit in a comment; what would change the members is read differently by different programs.
func (w *walker) global(header *tar.Header) error {
	for _, key := range []string{"path", "linkpath", "size"} {
		if _, ok := header.PAXRecords[key]; ok {
			return w.fail("has a global header that sets the %s of every member", key)
		}
	}
	return nil
}

// strip returns name below the prefix; "" for the prefix itself and the directories above it.
func (w *walker) strip(name string, header *tar.Header) (string, error) {
	if w.auto {
		w.auto = false
		top, _, below := strings.Cut(name, "/")
		if !below && header.Typeflag != tar.TypeDir {
			return "", w.outside(header.Name, "a single top-level directory")
		}
		w.prefix = top
	}
	if w.prefix == "" {
		return name, nil
	}
	if rel, below := strings.CutPrefix(name, w.prefix+"/"); below {
		return rel, nil
	}
	if header.Typeflag == tar.TypeDir && (name == w.prefix || strings.HasPrefix(w.prefix, name+"/")) {
		return "", nil
	}
	return "", w.outside(header.Name, strconv.Quote(w.prefix+"/"))
}

func (w *walker) outside(name, of string) error {
	e := w.member(name, "lies outside of %s", of).(*diag.Error)
	e.Hints = []string{`say what to strip with strip_prefix, or upstream_strip_prefix of a vendored_package; "." strips nothing`}
	return e
}

func (w *walker) tooMany() error {
	e := w.fail("has more than the %d files and directories that are allowed", w.maxFiles).(*diag.Error)
	e.Hints = trust
	return e
}

// claim records that rel is of kind k, and, when it is no directory, that the next entry is
// its; it refuses what was something else already.
func (w *walker) claim(name, rel string, k kind) error {
	switch was := w.paths[rel].kind; {
	case was == 0, was == directory && k == directory:
	case was == directory || k == directory:
		return w.member(name, "is both a file and a directory")
	default:
		return w.member(name, "is there twice")
	}
	w.paths[rel] = node{k, int32(len(w.entries))}
	for dir := path.Dir(rel); dir != "." && w.paths[dir].kind != directory; dir = path.Dir(dir) {
		if w.paths[dir].kind != 0 {
			return w.member(name, "lies below %q, which is a file", dir)
		}
		w.paths[dir] = node{kind: directory}
	}
	if len(w.paths) > w.maxFiles {
		return w.tooMany()
	}
	return nil
}

// file reads a regular file's bytes.
func (w *walker) file(archive *tar.Reader, header *tar.Header, rel string) error {
	e := tree.Entry{Path: rel, Kind: files.Regular, Executable: header.Mode&0o100 != 0, Offset: w.in.pos}
	w.hasher.Reset()
	for {
		n, err := archive.Read(w.buf)
		w.hasher.Write(w.buf[:n])
		if err == io.EOF {
			break
		}
		if err != nil {
			return w.tarError(err, header.Name)
		}
	}
	sums := w.hasher.Sum()
	e.Digest, e.Facet = sums.Digest, sums.Facet
	if e.Digest.Size != header.Size || w.in.pos != e.Offset+header.Size {
		return w.member(header.Name, "its data is not in one piece")
	}
	w.entries = append(w.entries, e)
	return nil
}

const blockSize = 512 // of tar

// tarReader counts what package tar reads, which is never more than it needs.
type tarReader struct {
	r     io.Reader
	pos   int64 // bytes read
	zeros int   // that were read last, counted up to two blocks
	err   error // of r, other than io.EOF
}

func (t *tarReader) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	t.pos += int64(n)
	tail := p[max(0, n-2*blockSize):n]
	zeros := len(tail) - len(bytes.TrimRight(tail, "\x00"))
	if zeros == n {
		zeros += t.zeros
	}
	t.zeros = min(zeros, 2*blockSize)
	if err != nil && err != io.EOF {
		t.err = err
	}
	return n, err
}
