package archive

import (
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/files"
	"github.com/sbomctl/sbomctl/engine/tree"
)

// walker turns the members of an archive, of whichever format, into entries. A member that cannot be used is one, too, for whoever
// selects it. Only what two readers could take for different things, and what would be an attack if it were unpacked, is refused as a whole:
// paths that leave the archive, devices, one path twice, members below a file or a link.
type walker struct {
	pos      string // the archive, in messages
	prefix   string // directory whose members are meant; "" is all of them
	auto     bool   // prefix is the first segment of the first member, and every member must lie below it
	maxFiles int

	hasher  *files.Hasher
	buf     []byte
	entries []tree.Entry
	paths   map[string]node // every path, parents of members too
	members int
	names   int // bytes of all names
	odd     []string
	stray   error // the first member beside the only top-level directory
}

// node is what a path is.
type node struct {
	kind  files.Kind
	entry int32 // index in entries; -1 of a directory that no member names
	used  bool  // a directory that something lies in
}

// member is one member of an archive as its format has it.
type member struct {
	name       string // as it is written
	kind       files.Kind
	executable bool
	link       string // of a symbolic link its target
	hard       bool   // a hard link, which names another member by link
	why        string // of one that is Unusable
}

func newWalker(pos string, facet files.Facet, p IndexParams) *walker {
	w := &walker{pos: pos, prefix: p.StripPrefix, maxFiles: p.MaxFiles, hasher: files.NewHasher(facet), buf: make([]byte, 128<<10), paths: map[string]node{}}
	switch p.StripPrefix {
	case "":
		w.auto = true
	case ".":
		w.prefix = ""
	}
	return w
}

// member returns the diagnostic that blames the member called name.
func (w *walker) member(name, format string, args ...any) error {
	return &diag.Error{Pos: diag.File(w.pos), Msg: "member " + strconv.Quote(name) + ": " + fmt.Sprintf(format, args...)}
}

func (w *walker) fail(format string, args ...any) error {
	return &diag.Error{Pos: diag.File(w.pos), Msg: fmt.Sprintf(format, args...)}
}

// maxOdd bounds how many oddities are told.
const maxOdd = 20

// strange notes something that is odd and hurts nobody.
func (w *walker) strange(format string, args ...any) {
	if len(w.odd) < maxOdd {
		w.odd = append(w.odd, fmt.Sprintf(format, args...))
	}
}

// add checks one member and notes what it is. It returns the entry whose bytes follow; nil for what has none.
func (w *walker) add(m member) (*tree.Entry, error) {
	if err := w.count(m); err != nil {
		return nil, err
	}
	p, err := clean(m.name)
	if err != nil {
		return nil, w.member(m.name, "its path %v", err)
	}
	if p == "" {
		if m.kind != files.Directory {
			return nil, w.member(m.name, "its path is empty")
		}
		return nil, nil
	}
	w.below(m, p)
	e := tree.Entry{Path: p, Kind: m.kind}
	switch {
	case m.hard:
		same := false
		if e, same = w.hardLink(m, p); same {
			return nil, nil
		}
	case m.kind == files.Regular:
		e.Executable = m.executable
	case m.kind == files.Unusable:
		e.Text = m.why
	case m.kind == files.Symlink:
		switch e.Text = m.link; {
		case m.link == "":
			e.Kind, e.Text = files.Unusable, "is a symbolic link to nothing"
		case len(m.link) > tree.MaxText:
			e.Kind, e.Text = files.Unusable, fmt.Sprintf("is a symbolic link to a path of more than %d bytes", tree.MaxText)
		case strings.IndexByte(m.link, 0) >= 0:
			e.Kind, e.Text = files.Unusable, "is a symbolic link to a path with a NUL"
		}
	}
	if known, err := w.claim(m.name, p, e.Kind); err != nil || known {
		return nil, err
	}
	w.entries = append(w.entries, e)
	if e.Kind != files.Regular || m.hard {
		return nil, nil
	}
	return &w.entries[len(w.entries)-1], nil
}

// count keeps to the bounds.
func (w *walker) count(m member) error {
	if w.members++; w.members > w.maxFiles {
		return w.tooMany()
	}
	if w.names += len(m.name) + len(m.link); w.names > tree.MaxAllPaths {
		return w.fail("has more than %d bytes of member names", tree.MaxAllPaths)
	}
	return nil
}

// clean returns a member's path in its one form: readers agree that "./a//b" is "a/b". "" is the archive's root.
func clean(name string) (string, error) {
	if strings.HasPrefix(name, "/") {
		return "", errors.New("is absolute")
	}
	if len(name) > tree.MaxPath {
		return "", fmt.Errorf("is longer than %d bytes", tree.MaxPath)
	}
	segments := slices.DeleteFunc(strings.Split(name, "/"), func(s string) bool { return s == "" || s == "." })
	p := strings.Join(segments, "/")
	if p == "" {
		return "", nil
	}
	return p, tree.CheckPath(p)
}

// hardLink returns the entry of a hard link at p: that of an earlier member, which it names in full. same says that it
// is the very member that it names, as tar archives a file that it was told of twice.
func (w *walker) hardLink(m member, p string) (e tree.Entry, same bool) {
	unusable := func(format string, args ...any) (tree.Entry, bool) {
		return tree.Entry{Path: p, Kind: files.Unusable, Text: fmt.Sprintf(format, args...)}, false
	}
	to, err := clean(m.link)
	if err != nil || to == "" {
		return unusable("is a hard link to %.200q, which is outside of the archive", m.link)
	}
	n, there := w.paths[to]
	switch {
	case there && to == p && n.kind != files.Directory:
		w.strange("member %q is there again as a hard link to itself; it is read once", m.name)
		return e, true
	case to == p:
		return unusable("is a hard link to itself")
	case !there || n.kind == files.Directory:
		return unusable("is a hard link to %.200q, which is no earlier file of the archive", m.link)
	}
	e = w.entries[n.entry]
	if e.Kind == files.Unusable {
		return unusable("is a hard link to %.200q, which cannot be used", m.link)
	}
	e.Path = p
	return e, false
}

// below finds the only top-level directory, and notes the first member beside it. That is an error, but only of an archive that is otherwise
// sound, and by then it is known what could be stripped.
func (w *walker) below(m member, p string) {
	top, _, nested := strings.Cut(p, "/")
	switch folder := nested || m.kind == files.Directory; {
	case !w.auto || w.stray != nil:
	case !folder && w.prefix == "":
		w.stray = w.member(m.name, "lies outside of a single top-level directory")
	case w.prefix == "":
		w.prefix = top
	case top != w.prefix || !folder:
		w.stray = w.member(m.name, "lies outside of %q", w.prefix+"/")
	}
}

// outside is the error of an archive without a single top-level directory.
func (w *walker) outside() error {
	hint := `say what to strip with strip_prefix, or upstream_strip_prefix of a vendored_package; "." strips nothing`
	if tops := w.tops(); tops != "" {
		hint += ", a folder takes what is in it: " + tops
	}
	return withHints(w.stray, []string{hint})
}

// tops are the first top folders, quoted.
func (w *walker) tops() string {
	const most = 5
	var tops []string
	for p, n := range w.paths {
		if n.kind == files.Directory && !strings.Contains(p, "/") {
			tops = append(tops, strconv.Quote(p))
		}
	}
	slices.Sort(tops)
	if len(tops) > most {
		tops[most] = fmt.Sprintf("and %d more", len(tops)-most)
		tops = tops[:most+1]
	}
	return strings.Join(tops, ", ")
}

func (w *walker) tooMany() error {
	return withHints(w.fail("has more than the %d files and directories that are allowed", w.maxFiles), trust)
}

func withHints(err error, hints []string) error {
	e := *err.(*diag.Error)
	e.Hints = hints
	return &e
}

// claim records that p is of kind k, and that the next entry is its. What was something else already is refused; known says that it
// is a directory that was there before.
func (w *walker) claim(name, p string, k files.Kind) (known bool, err error) {
	was, there := w.paths[p]
	switch {
	case !there:
	case was.kind == files.Directory && k == files.Directory:
		return true, nil
	case was.kind == files.Directory || k == files.Directory:
		return false, w.member(name, "is both a file and a directory")
	default:
		return false, w.member(name, "is there twice")
	}
	w.paths[p] = node{kind: k, entry: int32(len(w.entries))}
	for dir := path.Dir(p); dir != "."; dir = path.Dir(dir) {
		n, there := w.paths[dir]
		if there && n.kind != files.Directory {
			return false, w.member(name, "lies below %q, which is a %s, expected a directory", dir, n.kind)
		}
		if n.used {
			break
		}
		if !there {
			n.entry = -1
		}
		n.kind, n.used = files.Directory, true
		w.paths[dir] = n
	}
	if len(w.paths) > w.maxFiles {
		return false, w.tooMany()
	}
	return false, nil
}

// read takes size bytes of r, which lie at offset in data, for e's.
func (w *walker) read(e *tree.Entry, r io.Reader, offset int64) error {
	w.hasher.Reset()
	for {
		n, err := r.Read(w.buf)
		w.hasher.Write(w.buf[:n])
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
	}
	sums := w.hasher.Sum()
	e.Digest, e.Facet, e.Offset = sums.Digest, sums.Facet, offset
	return nil
}

// index returns the index of what was added; data has size bytes.
func (w *walker) index(size int64) (*tree.Index, error) {
	if w.stray != nil {
		return nil, w.outside()
	}
	if w.prefix != "" {
		switch n, there := w.paths[w.prefix]; {
		case there && n.kind != files.Directory:
			return nil, w.fail("its member %q is to be the tree's root by strip_prefix, and is a %s", w.prefix, n.kind)
		case !there && len(w.entries) > 0:
			return nil, w.noFolder()
		}
	}
	beside := 0
	entries := w.entries[:0]
	for _, e := range w.entries {
		if e.Kind == files.Directory && w.paths[e.Path].used || e.Path == w.prefix {
			continue
		}
		if w.prefix != "" {
			rel, below := strings.CutPrefix(e.Path, w.prefix+"/")
			if !below {
				beside++
				continue
			}
			e.Path = rel
		}
		entries = append(entries, e)
	}
	if len(entries) == 0 {
		return nil, w.fail("has no files")
	}
	if beside > 0 {
		w.strange("strip_prefix takes what is in %q; %s left out", w.prefix, plural(beside, "member beside it is", "members beside it are"))
	}
	x, err := tree.New(w.prefix, size, entries)
	if err != nil {
		return nil, w.fail("cannot be indexed: %v", err)
	}
	return x, nil
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// noFolder is the error of a strip_prefix that is not there.
func (w *walker) noFolder() error {
	var folders []string
	for p, n := range w.paths {
		if n.kind == files.Directory && strings.Count(p, "/") <= strings.Count(w.prefix, "/") {
			folders = append(folders, p)
		}
	}
	slices.Sort(folders)
	err := w.fail("has no folder %q, which strip_prefix names%s", w.prefix, diag.DidYouMean(w.prefix, folders))
	if tops := w.tops(); tops != "" {
		return withHints(err, []string{"its top folders are " + tops + `; "." strips nothing`})
	}
	return err
}
