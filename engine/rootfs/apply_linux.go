package rootfs

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/sbomctl/sbomctl/engine/oci"
)

// unpacker applies layers, one after the other.
type unpacker struct {
	limits  Limits
	tree    *tree
	disk    *disk
	what    string // the layer, for messages
	entries int
	read    int64 // bytes of unpacked layers so far
	bytes   int64 // of files so far; more than read, when some are sparse
	skipped int
}

// apply applies a layer of the image.
func (u *unpacker) apply(ctx context.Context, src oci.Source, img *image, layer int, at func(string)) error {
	in, err := openStream(ctx, src, img, layer, u.limits, u.limits.Bytes-u.read)
	if err != nil {
		return err
	}
	defer in.Close()
	u.what, u.tree.layer = in.what, layer
	archive := tar.NewReader(in)
	for {
		h, err := archive.Next()
		if err == io.EOF {
			break
		}
		if err != nil && !errors.Is(err, tar.ErrInsecurePath) { // names are judged here
			return u.damaged(in, err)
		}
		at("entry")
		if err := ctx.Err(); err != nil {
			return err
		}
		err = u.entry(h, archive)
		var unread *readError
		if errors.As(err, &unread) {
			return u.damaged(in, unread.err)
		}
		if err != nil {
			return err
		}
	}
	_, err = io.Copy(io.Discard, in)
	u.read += in.total
	return err
}

// damaged says what is wrong with a layer whose archive cannot be read: when its bytes are not those of its digests, that.
func (u *unpacker) damaged(in *stream, err error) error {
	if _, cause := io.Copy(io.Discard, in); cause != nil {
		return cause
	}
	return &oci.Error{Kind: oci.Malformed, What: u.what, Msg: "is no tar archive, or a damaged one: " + strings.TrimPrefix(err.Error(), "archive/tar: "), Err: err}
}

// refuse is the error of an entry that cannot be unpacked.
func (u *unpacker) refuse(name, format string, args ...any) error {
	const longest = 200
	if len(name) > longest {
		name = name[:longest] + "..."
	}
	return &oci.Error{Kind: oci.Malformed, What: u.what, Msg: fmt.Sprintf("cannot be unpacked: its entry %q ", name) + fmt.Sprintf(format, args...)}
}

// names takes the name of an entry, or of what a hard link leads to, apart.
func (u *unpacker) names(h *tar.Header, path string) ([]string, error) {
	if len(path) > u.limits.Path {
		return nil, u.refuse(h.Name, "has a name of %d bytes; the limit is %d", len(path), u.limits.Path)
	}
	var names []string
	for name := range strings.SplitSeq(path, "/") {
		switch {
		case name == "" || name == ".":
			continue
		case name == "..":
			return nil, u.refuse(h.Name, `has ".." in its name, or in the name that it links to`)
		case strings.IndexByte(name, 0) >= 0:
			return nil, u.refuse(h.Name, "has a zero byte in its name, or in the name that it links to")
		case len(name) > 255:
			return nil, u.refuse(h.Name, "has %d bytes between two slashes; Linux has names of at most 255", len(name))
		}
		names = append(names, name)
	}
	return names, nil
}

// Names that mean something in layers.
const (
	whiteout = ".wh."         // the rest of the name is that of what goes
	reserved = ".wh..wh."     // AUFS's own; of these only the next means something
	opaque   = ".wh..wh..opq" // all that lower layers have in the folder goes
)

// stepsPerEntry bounds, with the entries that an image may have, how long names that lead through many links keep us busy.
const stepsPerEntry = 100

func (u *unpacker) entry(h *tar.Header, content io.Reader) error {
	if h.Typeflag == tar.TypeXGlobalHeader {
		return nil
	}
	if u.entries++; u.entries > u.limits.Entries {
		return u.refuse(h.Name, "is one more than an image may have; the limit is %d", u.limits.Entries)
	}
	if limit := stepsPerEntry * u.limits.Entries; u.tree.steps > limit {
		return u.refuse(h.Name, "is one too many: the names of the image lead through more than %d folders and links together, which is the limit", limit)
	}
	names, err := u.names(h, h.Name)
	if err != nil {
		return err
	}
	for i, name := range names {
		if !strings.HasPrefix(name, whiteout) {
			continue
		}
		last := i == len(names)-1
		switch {
		case name == opaque && last, strings.HasPrefix(name, whiteout) && !strings.HasPrefix(name, reserved) && last:
			return u.whiteout(h, names[:i], name)
		case strings.HasPrefix(name, reserved):
			return nil
		default:
			return u.refuse(h.Name, "lies below the whiteout %q", name)
		}
	}
	a, err := u.attributes(h)
	if err != nil {
		return err
	}
	if len(names) == 0 {
		if h.Typeflag != tar.TypeDir {
			return u.refuse(h.Name, "is the root, which has to be a folder")
		}
		u.describe(u.tree.root, a)
		return nil
	}
	dir, err := u.parent(h, names[:len(names)-1], u.folder(h))
	if err != nil {
		return err
	}
	return u.put(h, dir, names[len(names)-1], a, content)
}

// parent returns the folder that an entry lies in.
func (u *unpacker) parent(h *tar.Header, names []string, missing func(*node, string) (*node, error)) (*node, error) {
	dir, err := u.tree.walk(names, missing)
	var lookup *lookupError
	if errors.As(err, &lookup) && (lookup.err == errNotFolder || lookup.err == errLoop) {
		return nil, u.refuse(h.Name, "lies below %q, which %v", lookup.at.path(), lookup.err)
	}
	return dir, err
}

// folder returns what makes folders for the entry h that no entry describes.
func (u *unpacker) folder(h *tar.Header) func(*node, string) (*node, error) {
	return func(dir *node, name string) (*node, error) {
		n, err := u.add(h, dir, name, folder)
		if err != nil {
			return nil, err
		}
		return n, u.disk.make(n)
	}
}

// add adds a node to the tree, when it may have one more.
func (u *unpacker) add(h *tar.Header, dir *node, name string, k kind) (*node, error) {
	switch {
	case dir.depth > u.limits.Depth:
		return nil, u.refuse(h.Name, "lies more than %d folders deep, which is the limit", u.limits.Depth)
	case dir.length+1+len(name) > u.limits.Path:
		return nil, u.refuse(h.Name, "leads through links to a path of more than %d bytes, which is the limit", u.limits.Path)
	case len(name) > 255:
		return nil, u.refuse(h.Name, "leads through a link to a name of %d bytes; Linux has names of at most 255", len(name))
	case u.tree.nodes >= u.limits.Entries:
		return nil, u.refuse(h.Name, "is one more, with the folders that entries lie in, than an image may have; the limit is %d", u.limits.Entries)
	}
	return u.tree.add(dir, name, k), nil
}

// describe gives a folder the attributes that an entry has for it.
func (u *unpacker) describe(n *node, a attributes) {
	n.dir.attr, n.dir.attrLayer = a, u.tree.layer
	u.tree.touch(n)
}

// attributes returns those of an entry.
func (u *unpacker) attributes(h *tar.Header) (attributes, error) {
	a := attributes{mode: uint32(h.Mode & 0o7777), uid: h.Uid, gid: h.Gid, mtime: h.ModTime}
	if h.Typeflag != tar.TypeDir {
		a.mode &^= 0o6000
	}
	for _, id := range []int{h.Uid, h.Gid} {
		if id < 0 || int64(id) >= math.MaxUint32 { // the last one means "as it is" to chown
			return a, u.refuse(h.Name, "belongs to the user %d and the group %d; Linux has 0 to %d", h.Uid, h.Gid, int64(math.MaxUint32-1))
		}
	}
	return a, nil
}

// whiteout takes away what lower layers have under the name that follows ".wh.", or in the whole folder.
func (u *unpacker) whiteout(h *tar.Header, folders []string, name string) error {
	victim := strings.TrimPrefix(name, whiteout)
	if victim == "" || victim == "." || victim == ".." {
		return u.refuse(h.Name, "is a whiteout of %q, which is no name of a file", victim)
	}
	dir, err := u.tree.walk(folders, nil)
	var lookup *lookupError
	if errors.As(err, &lookup) {
		return nil // there is nothing to hide
	}
	if name == opaque {
		return u.tree.hideContent(dir, u.disk.remove)
	}
	if n := dir.dir.children[victim]; n != nil {
		return u.tree.hide(n, u.disk.remove)
	}
	return nil
}

// put makes an entry that is no whiteout, in place of what has its name.
func (u *unpacker) put(h *tar.Header, dir *node, name string, a attributes, content io.Reader) error {
	old := dir.dir.children[name]
	if h.Typeflag == tar.TypeDir && old != nil && old.kind == folder {
		u.describe(old, a)
		return nil
	}
	var to *node
	k := file
	switch h.Typeflag {
	case tar.TypeDir:
		k = folder
	case tar.TypeReg, tar.TypeCont, tar.TypeGNUSparse:
		if err := u.count(h); err != nil {
			return err
		}
	case tar.TypeSymlink:
		k = symlink
		if h.Linkname == "" || len(h.Linkname) > 4095 || strings.IndexByte(h.Linkname, 0) >= 0 {
			return u.refuse(h.Name, "is a symbolic link to a name of %d bytes; Linux has 1 to 4095, and no zero byte", len(h.Linkname))
		}
	case tar.TypeLink:
		var err error
		if to, err = u.linked(h, old); err != nil {
			return err
		}
		if to == old { // to itself
			u.tree.touch(old)
			return nil
		}
		k = to.kind
	case tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
		k = device
	default:
		return u.refuse(h.Name, "is of the kind %q, which layers have not", string(h.Typeflag))
	}
	if old != nil {
		if err := u.disk.remove(old); err != nil {
			return err
		}
		old.forget()
	}
	n, err := u.add(h, dir, name, k)
	if err != nil {
		return err
	}
	switch {
	case k == device:
		u.skipped++
		return nil
	case to != nil:
		n.target = to.target
		return u.disk.link(n, to)
	case k == folder:
		u.describe(n, a)
		return u.disk.make(n)
	case k == symlink:
		n.target = strings.Clone(h.Linkname)
		return u.disk.symlink(n, a)
	}
	return u.disk.write(n, a, content)
}

// count holds the size of a file against the limits, before any of it is written.
func (u *unpacker) count(h *tar.Header) error {
	if h.Size > u.limits.File {
		return u.refuse(h.Name, "has %d bytes; the limit of a file is %d", h.Size, u.limits.File)
	}
	if u.bytes += h.Size; u.bytes > u.limits.Bytes {
		return u.refuse(h.Name, "is one too many: the files of the image have more than %d bytes together, which is the limit", u.limits.Bytes)
	}
	return nil
}

// linked returns what a hard link leads to; old is what has the link's name, and goes.
func (u *unpacker) linked(h *tar.Header, old *node) (*node, error) {
	names, err := u.names(h, h.Linkname)
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, u.refuse(h.Name, "is a hard link to the root")
	}
	dir, err := u.tree.walk(names[:len(names)-1], nil)
	var to *node
	if err == nil {
		to = dir.dir.children[names[len(names)-1]]
	}
	switch {
	case to == nil:
		return nil, u.refuse(h.Name, "is a hard link to %.200q, which is not there", h.Linkname)
	case to.kind == folder:
		return nil, u.refuse(h.Name, "is a hard link to %.200q, which is a folder", h.Linkname)
	case old != nil && to != old && to.below(old):
		return nil, u.refuse(h.Name, "is a hard link to %.200q, which lies in the folder that it takes the place of", h.Linkname)
	}
	return to, nil
}
