package archive

import (
	"context"
	"fmt"
	"hash/crc32"
	"io"
	"strings"

	"github.com/klauspost/compress/flate"

	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/files"
	"github.com/sbomctl/sbomctl/engine/tree"
)

// What the upper half of a zip entry's attributes says where the system has modes.
const (
	zipUnix   = 3
	zipDarwin = 19

	modeType   = 0o170000
	modePipe   = 0o010000
	modeChar   = 0o020000
	modeDir    = 0o040000
	modeBlock  = 0o060000
	modeFile   = 0o100000
	modeLink   = 0o120000
	modeSocket = 0o140000

	dosDirectory = 0x10
)

// Compression methods.
const (
	zipStored   = 0
	zipDeflated = 8
)

// indexZip reads a zip archive: the output "data" is what its members decompress to, one after another.
func indexZip(ctx context.Context, call action.Call, archive action.File, params IndexParams, w *walker) (*tree.Index, error) {
	src, err := call.OpenAt(archive)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	list, err := readZip(src, archive.Digest.Size, params.MaxFiles)
	if err != nil {
		return nil, w.zipError(err)
	}
	members := make([]member, len(list))
	stream := &zipStream{r: src}
	size := int64(0)
	for i := range list {
		f := &list[i]
		if members[i], err = w.zipMember(f); err != nil {
			return nil, err
		}
		if k := members[i].kind; k != files.Regular && k != files.Symlink {
			continue
		}
		stream.files = append(stream.files, f)
		if f.size > params.MaxBytes-size {
			e := w.fail("decompresses to more than the %d bytes that are allowed", params.MaxBytes)
			return nil, withHints(e, trust)
		}
		size += f.size
	}
	if size > ratioFrom && size/params.MaxRatio > archive.Digest.Size {
		return nil, withHints(w.fail("decompresses to more than %d times its size, as a decompression bomb does", params.MaxRatio), trust)
	}
	data, err := call.Create("data")
	if err != nil {
		return nil, err
	}
	p := startPipeline(ctx, stream, data)
	defer p.close()
	if err := w.walkZip(p, list, members); err != nil {
		if damage := p.drain(); damage != nil {
			err = damage
		}
		return nil, w.zipError(err)
	}
	if damage := p.drain(); damage != nil { // nothing is left but the end
		return nil, w.zipError(damage)
	}
	p.close()
	if err := data.Close(); err != nil {
		return nil, err
	}
	return w.index(size)
}

// walkZip adds the members, r being what those with data decompress to.
func (w *walker) walkZip(r io.Reader, list []zipFile, members []member) error {
	at := int64(0)
	for i, m := range members {
		data := io.LimitReader(r, list[i].size)
		switch m.kind {
		case files.Symlink:
			target, err := io.ReadAll(data)
			if err != nil {
				return err
			}
			m.link = string(target)
			at += list[i].size
		case files.Regular:
			e, err := w.add(m)
			if err != nil {
				return err
			}
			if err := w.read(e, data, at); err != nil {
				return err
			}
			at += list[i].size
			continue
		}
		if _, err := w.add(m); err != nil {
			return err
		}
	}
	return nil
}

// zipMember says what an entry is.
func (w *walker) zipMember(f *zipFile) (member, error) {
	m := member{name: f.name, kind: files.Regular}
	named := strings.HasSuffix(f.name, "/") // a directory by its name
	mode := uint32(0)
	if f.system == zipUnix || f.system == zipDarwin {
		mode = f.attributes >> 16
	}
	m.executable = mode&0o100 != 0
	switch mode & modeType {
	case modeDir:
		m.kind = files.Directory
	case modeLink:
		m.kind = files.Symlink
	case modePipe, modeSocket:
		m.kind = files.Other
	case modeChar, modeBlock:
		return m, w.member(f.name, "is a device, expected a file, directory or link")
	case modeFile:
	case 0:
		if f.attributes&dosDirectory != 0 {
			m.kind = files.Directory
		}
	default:
		m.kind, m.why = files.Unusable, fmt.Sprintf("has the unknown type %#o", mode&modeType)
	}
	if named && m.kind != files.Directory {
		if m.kind != files.Regular {
			return m, w.member(f.name, "is a directory by its name and none by its mode")
		}
		m.kind = files.Directory
	}
	switch {
	case m.kind == files.Directory || m.kind == files.Other:
		if f.size != 0 {
			return m, w.member(f.name, "is no file but has %d bytes of data", f.size)
		}
	case m.kind == files.Unusable:
	case f.flags&(zipEncrypted|zipMasked) != 0:
		m.kind, m.why = files.Unusable, "is encrypted"
	case f.flags&zipPatch != 0 || f.method != zipStored && f.method != zipDeflated:
		m.kind, m.why = files.Unusable, fmt.Sprintf("is compressed by method %d, which is not supported, expected deflate", f.method)
	case m.kind == files.Symlink && f.size > tree.MaxText:
		m.kind, m.why = files.Unusable, fmt.Sprintf("is a symbolic link to a path of more than %d bytes", tree.MaxText)
	case f.method == zipStored && f.size != f.compressed:
		return m, w.member(f.name, "is not compressed and has two sizes")
	}
	m.name = strings.TrimSuffix(m.name, "/")
	return m, nil
}

// zipError gives an error of a zip archive its place; others stay as they are.
func (w *walker) zipError(err error) error {
	z, ok := isZipError(err)
	switch {
	case err == io.ErrUnexpectedEOF:
		return w.fail("is truncated: it ends before its last member does")
	case !ok:
		return err
	case z.member == "":
		return w.fail("%s", z.msg)
	}
	return w.member(z.member, "%s", z.msg)
}

// zipStream is what files decompress to, one after another. Sizes and checksums are checked.
type zipStream struct {
	r     io.ReaderAt
	files []*zipFile

	inflate io.ReadCloser // flate.Resetter; nil until there was one
	in      io.Reader     // of the first file; nil when it is not begun
	left    int64         // of it
	sum     uint32
}

// Read implements io.Reader.
func (z *zipStream) Read(p []byte) (int, error) {
	for {
		if len(z.files) == 0 {
			return 0, io.EOF
		}
		f := z.files[0]
		if z.in == nil {
			if err := z.open(f); err != nil {
				return 0, err
			}
		}
		n, err := z.in.Read(p)
		if int64(n) > z.left {
			return 0, f.fail("has more data than it says")
		}
		z.left -= int64(n)
		z.sum = crc32.Update(z.sum, crc32.IEEETable, p[:n])
		switch {
		case err == io.EOF && z.left > 0:
			return 0, f.fail("has less data than it says")
		case err == io.EOF && z.sum != f.crc:
			return 0, f.fail("is corrupt: its checksum does not match")
		case err == io.EOF:
			z.files, z.in = z.files[1:], nil
		case err != nil:
			return 0, f.fail("is corrupt: its compressed data is damaged")
		}
		if n > 0 {
			return n, nil
		}
	}
}

func (z *zipStream) open(f *zipFile) error {
	raw := io.NewSectionReader(z.r, f.data, f.compressed)
	z.left, z.sum = f.size, 0
	if f.method == zipStored {
		z.in = raw
		return nil
	}
	if z.inflate == nil {
		z.inflate = flate.NewReader(raw)
	} else if err := z.inflate.(flate.Resetter).Reset(raw, nil); err != nil {
		return err
	}
	z.in = z.inflate
	return nil
}
