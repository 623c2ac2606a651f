package archive

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/sbomctl/sbomctl/engine/files"
	"github.com/sbomctl/sbomctl/engine/tree"
)

// walkTar adds the members of a tar archive, which r holds from its beginning to its end, and returns its size.
func (w *walker) walkTar(r io.Reader) (size int64, err error) {
	in := &tarReader{r: r}
	archive := tar.NewReader(in)
	last, end := "", int64(0)
	for {
		header, err := archive.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return 0, in.explain(w, err, last)
		}
		last, end = header.Name, in.end(header)
		if err := w.tarMember(archive, in, header); err != nil {
			return 0, err
		}
	}
	err = w.tarEnd(in, last, in.pos-end)
	return in.pos, err
}

// tarEnd judges how the archive ends: two blocks of zeros, and then zeros, as tar fills its last record. zeros is how many bytes package tar
// took for the end.
func (w *walker) tarEnd(in *tarReader, last string, zeros int64) error {
	switch {
	case in.pos == 0:
		return w.fail("is empty: there is no tar archive in it")
	case zeros <= 0:
		w.strange("ends after member %q without the blocks of zeros that end a tar archive; nothing tells whether members are missing", last)
	case zeros < 2*blockSize:
		w.strange("ends after one block of zeros, expected two")
	}
	for {
		n, err := in.Read(w.buf)
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

// explain says what is wrong behind the member called last.
func (in *tarReader) explain(w *walker, err error, last string) error {
	where := "at its first member"
	if last != "" {
		where = "after member " + strconv.Quote(last)
	}
	switch {
	case in.err != nil:
		return in.err
	case last == "" && !isTar(in.first) && (errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, tar.ErrHeader)):
		return w.fail("holds no tar archive")
	case errors.Is(err, io.ErrUnexpectedEOF) && last == "":
		return w.fail("is truncated: the tar archive ends before its first member")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return w.fail("is truncated: the tar archive ends too early, after or in member %q", last)
	case errors.Is(err, tar.ErrFieldTooLong):
		return w.fail("has a name or extended header of more than 1 MiB %s", where)
	}
	return w.fail("is corrupt: the tar header %s is damaged or its checksum does not match", where)
}

// tarMember adds one member and, when it is a file, reads it.
func (w *walker) tarMember(archive *tar.Reader, in *tarReader, header *tar.Header) error {
	m := member{name: header.Name, kind: files.Regular, executable: header.Mode&0o100 != 0, link: header.Linkname}
	hasData := true
	switch header.Typeflag {
	case tar.TypeXGlobalHeader:
		return w.global(header)
	case 'V': // a label that GNU tar gives the whole archive
		return nil
	case tar.TypeReg, tar.TypeCont:
		if strings.HasSuffix(m.name, "/") { // a directory, as old archives have it
			if header.Size > 0 {
				return w.member(m.name, "is a directory by its name and a file by its size")
			}
			m.kind = files.Directory
		}
	case tar.TypeDir:
		m.kind, hasData = files.Directory, false
	case tar.TypeLink:
		m.hard, hasData = true, false
	case tar.TypeSymlink:
		m.kind, hasData = files.Symlink, false
	case tar.TypeChar, tar.TypeBlock:
		return w.member(header.Name, "is a device, expected a file, directory or link")
	case tar.TypeFifo:
		m.kind, hasData = files.Other, false
	case tar.TypeGNUSparse: // see below
	case 'D': // a directory of GNU tar's incremental archives, with a list of names
		m.kind = files.Directory
	default:
		m.kind, m.why = files.Unusable, fmt.Sprintf("has the unknown type %q", string(rune(header.Typeflag)))
	}
	if sparse(header) {
		m.kind, m.why = files.Unusable, "is a sparse file, which is not supported"
	}
	if !hasData && header.Size != 0 {
		return w.member(header.Name, "is no file but has %d bytes of data", header.Size)
	}
	if m.kind == files.Directory {
		m.name = strings.TrimSuffix(m.name, "/") // it may be the archive's root
	}
	e, err := w.add(m)
	if e == nil || err != nil {
		return err
	}
	return w.tarFile(archive, in, header, e)
}

// sparse reports whether a member's data is not all of its file.
func sparse(header *tar.Header) bool {
	for key := range header.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return true
		}
	}
	return header.Typeflag == tar.TypeGNUSparse
}

// tarFile reads a regular file's bytes.
func (w *walker) tarFile(archive *tar.Reader, in *tarReader, header *tar.Header, e *tree.Entry) error {
	offset := in.pos
	if err := w.read(e, archive, offset); err != nil {
		return in.explain(w, err, header.Name)
	}
	if e.Digest.Size != header.Size || in.pos != offset+header.Size {
		return w.member(header.Name, "its data is not in one piece")
	}
	return nil
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

const blockSize = 512 // of tar

// tarReader counts what package tar reads, which is never more than it needs.
type tarReader struct {
	r     io.Reader
	pos   int64  // bytes read
	first []byte // the first block
	err   error  // of r, other than io.EOF
}

// Read implements io.Reader.
func (t *tarReader) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	t.pos += int64(n)
	if more := blockSize - len(t.first); more > 0 {
		t.first = append(t.first, p[:min(n, more)]...)
	}
	if err != nil && err != io.EOF {
		t.err = err
	}
	return n, err
}

// end returns where the member ends whose header was read last: with a whole block. Of a sparse file package tar does not tell.
func (t *tarReader) end(header *tar.Header) int64 {
	end := t.pos
	if sparse(header) {
		return end
	}
	switch header.Typeflag {
	case tar.TypeLink, tar.TypeSymlink, tar.TypeChar, tar.TypeBlock, tar.TypeDir, tar.TypeFifo: // have no data
	default:
		end += header.Size
	}
	return (end + blockSize - 1) / blockSize * blockSize
}
