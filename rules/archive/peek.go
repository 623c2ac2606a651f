package archive

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/cache/osfile"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/files"
)

// Peeked is what Peek saw.
type Peeked struct {
	Roots   []string // first segments of the members' paths, sorted; at most MaxRoots
	Loose   bool     // files lie beside the top folders, or there is no folder
	Members int
	Names   map[string]bool // last segments of the paths of files and links
	Files   []PeekedFile    // those that were wanted, in the archive's order
	Skipped []string        // wanted files that are too large or too many
}

// PeekedFile is a file of an archive.
type PeekedFile struct {
	Path    string
	Content []byte
}

// ErrUnread is the cause of the error of a file that is of no kind that Peek reads, which is no fault of the file. What is no archive but a document of the
// Web, such as the page that a server answers with instead of the file, is another error.
var ErrUnread = errors.New("a kind of archive that is not read")

const (
	// MaxRoots bounds how many first segments are told.
	MaxRoots = 16

	maxPeekFile  = 1 << 20
	maxPeekFiles = 64
)

// Peek looks at a few small files of an archive, of any kind that archive.index reads. It unpacks nothing and follows no link, so
// members that an index would refuse are passed by. Bounds are those of an index.
// pos is what the archive is called in messages. Errors are diagnostics.
func Peek(pos, file string, want func(path string) bool) (*Peeked, error) {
	in, err := os.Open(file)
	if err != nil {
		return nil, &diag.Error{Pos: diag.File(pos), Msg: "cannot be read: " + osfile.Reason(err).Error(), Err: err}
	}
	defer in.Close()
	p := &peeker{pos: pos, want: want, out: &Peeked{Names: map[string]bool{}}, roots: map[string]bool{}}
	head := make([]byte, 512)
	n, err := io.ReadFull(in, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, p.fail("cannot be read: %v", osfile.Reason(err))
	}
	head = head[:n]
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		return nil, p.fail("cannot be read: %v", osfile.Reason(err))
	}
	switch kind, err := detect(head); {
	case err != nil && !bytes.HasPrefix(head, []byte("<")):
		return nil, &diag.Error{Pos: diag.File(pos), Msg: err.Error(), Err: ErrUnread}
	case err != nil:
		return nil, p.fail("%v", err)
	case kind == formatZip:
		if err := p.zip(in); err != nil {
			return nil, err
		}
	default:
		d, err := newDecoder(pos, in, defaultMaxBytes, defaultMaxRatio)
		if err != nil {
			return nil, err
		}
		defer d.Close()
		if err := p.tar(d); err != nil {
			return nil, err
		}
	}
	if p.out.Members == 0 {
		return nil, p.fail("has no files")
	}
	for r := range p.roots {
		p.out.Roots = append(p.out.Roots, r)
	}
	slices.Sort(p.out.Roots)
	return p.out, nil
}

// peeker gathers what Peek returns.
type peeker struct {
	pos   string
	want  func(path string) bool
	out   *Peeked
	roots map[string]bool
}

func (p *peeker) fail(format string, args ...any) error {
	return &diag.Error{Pos: diag.File(p.pos), Msg: fmt.Sprintf(format, args...)}
}

// member notes a member's path; it reports whether the file is to be read.
func (p *peeker) member(name string, size int64, regular, dir bool) (file string, read bool, err error) {
	if p.out.Members++; p.out.Members > defaultMaxFiles {
		return "", false, p.fail("has more than the %d members that are allowed", defaultMaxFiles)
	}
	name = strings.TrimPrefix(name, "./")
	if name == "" || name == "." {
		return "", false, nil
	}
	if !dir {
		p.out.Names[path.Base(name)] = true
	}
	root, _, below := strings.Cut(name, "/")
	if len(p.roots) < MaxRoots {
		p.roots[root] = true
	}
	if !regular {
		return "", false, nil
	}
	p.out.Loose = p.out.Loose || !below
	if !p.want(name) {
		return "", false, nil
	}
	if size > maxPeekFile || len(p.out.Files) == maxPeekFiles {
		if len(p.out.Skipped) < maxPeekFiles {
			p.out.Skipped = append(p.out.Skipped, name)
		}
		return "", false, nil
	}
	return name, true, nil
}

func (p *peeker) read(name string, r io.Reader) error {
	b, err := io.ReadAll(io.LimitReader(r, maxPeekFile))
	if err == nil {
		p.out.Files = append(p.out.Files, PeekedFile{name, b})
	}
	return err
}

func (p *peeker) tar(d *decoder) error {
	in := &tarReader{r: d}
	w := &walker{pos: p.pos} // for its words
	t := tar.NewReader(in)
	last := ""
	for {
		h, err := t.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return p.undecoded(d, in, in.explain(w, err, last))
		}
		last = h.Name
		if h.Typeflag == tar.TypeXGlobalHeader {
			continue
		}
		name, read, err := p.member(strings.TrimSuffix(h.Name, "/"), h.Size, h.Typeflag == tar.TypeReg, h.Typeflag == tar.TypeDir)
		if err != nil {
			return err
		}
		if read {
			if err := p.read(name, t); err != nil {
				return p.undecoded(d, in, in.explain(w, err, last))
			}
		}
	}
}

// undecoded is what is wrong with the stream where that is known, and else err: a damaged stream decodes to nonsense.
func (p *peeker) undecoded(d *decoder, in *tarReader, err error) error {
	var known *diag.Error
	for _, e := range []error{d.err, in.err} {
		if e != nil && e != io.EOF {
			if errors.As(e, &known) {
				return known
			}
			return p.fail("is corrupt: its %s stream is damaged", d.name)
		}
	}
	return err
}

func (p *peeker) zip(in *os.File) error {
	info, err := in.Stat()
	if err != nil {
		return p.fail("cannot be read: %v", osfile.Reason(err))
	}
	w := &walker{pos: p.pos} // for its words
	list, err := readZip(in, info.Size(), defaultMaxFiles)
	if err != nil {
		return w.zipError(err)
	}
	for i := range list {
		f := &list[i]
		m, err := w.zipMember(f)
		if err != nil {
			return err
		}
		name, read, err := p.member(m.name, f.size, m.kind == files.Regular, m.kind == files.Directory)
		if err != nil {
			return err
		}
		if read {
			if err := p.read(name, &zipStream{r: in, files: []*zipFile{f}}); err != nil {
				return w.zipError(err)
			}
		}
	}
	return nil
}
