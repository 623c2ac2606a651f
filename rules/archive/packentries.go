package archive

import (
	"archive/tar"
	"context"
	"fmt"
	"io"
	"path"
	"sort"
	"strings"
	"time"

	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/tree"
)

// packed is one member to be written: a file, or a directory, whose name ends in a slash.
type packed struct {
	name string
	file action.File
}

// plan lays the overlays over the tree and returns what to write, by name in byte order:
// a directory comes right before what it holds.
func plan(call action.Call, params PackParams) ([]packed, error) {
	files := map[string]action.File{}
	for _, f := range call.Files("tree") {
		if err := tree.CheckPath(f.Path); err != nil {
			return nil, diagf("path %q of the tree %v", f.Path, err)
		}
		if _, twice := files[f.Path]; twice {
			return nil, diagf("path %q is in the tree twice", f.Path)
		}
		files[f.Path] = f
	}
	seen := map[string]bool{}
	for _, p := range params.Overlays {
		if err := tree.CheckPath(p); err != nil {
			return nil, diagf("overlay path %q %v", p, err)
		}
		if seen[p] {
			return nil, diagf("overlay path %q is there twice", p)
		}
		seen[p] = true
		f, err := single(call, "overlay:"+p)
		if err != nil {
			return nil, err
		}
		files[p] = f
	}
	if len(files) == 0 {
		return nil, diagf("there is nothing to pack: the tree has no files")
	}
	dirs := map[string]bool{}
	for p := range files {
		for dir := path.Dir(p); dir != "." && !dirs[dir]; dir = path.Dir(dir) {
			dirs[dir] = true
		}
	}
	members := make([]packed, 0, len(files)+len(dirs)+1)
	for dir := range dirs {
		members = append(members, packed{name: dir + "/"})
	}
	for p, f := range files {
		members = append(members, packed{name: p, file: f})
	}
	sort.Slice(members, func(i, j int) bool { return members[i].name < members[j].name })
	for _, m := range members {
		if p := strings.TrimSuffix(m.name, "/"); p != m.name {
			if _, both := files[p]; both {
				return nil, diagf("path %q is both a file and a directory", p)
			}
		}
	}
	for i := range members {
		members[i].name = params.Prefix + "/" + members[i].name
	}
	return append([]packed{{name: params.Prefix + "/"}}, members...), nil
}

// write writes the tar archive. Package tar takes the ustar format, and PAX for what that
// cannot hold: long or non-ASCII names and files of 8 GiB and more.
func write(ctx context.Context, call action.Call, w io.Writer, members []packed, mtime int64) error {
	out := tar.NewWriter(w)
	buf := make([]byte, bufferSize)
	for _, m := range members {
		if err := ctx.Err(); err != nil {
			return err
		}
		h := tar.Header{Name: m.name, Typeflag: tar.TypeDir, Mode: 0o755, ModTime: time.Unix(mtime, 0)}
		isDir := strings.HasSuffix(m.name, "/")
		if !isDir {
			h.Typeflag, h.Size = tar.TypeReg, m.file.Digest.Size
			if !m.file.Executable {
				h.Mode = 0o644
			}
		}
		if err := out.WriteHeader(&h); err != nil {
			return &diag.Error{Msg: fmt.Sprintf("member %q cannot be written to a tar archive", m.name), Err: err}
		}
		if isDir {
			continue
		}
		if err := copyFile(call, out, m, buf); err != nil {
			return err
		}
	}
	return out.Close()
}

func copyFile(call action.Call, out io.Writer, m packed, buf []byte) error {
	r, err := call.Open(m.file)
	if err != nil {
		return err
	}
	defer r.Close()
	// The writer's own type is hidden so that buf is used.
	n, err := io.CopyBuffer(struct{ io.Writer }{out}, struct{ io.Reader }{r}, buf)
	if err != nil {
		return err
	}
	if n != m.file.Digest.Size {
		return diagf("member %q has %d bytes, expected %d", m.name, n, m.file.Digest.Size)
	}
	return nil
}
