package archive

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"sort"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/finding"
	"github.com/sbomctl/sbomctl/engine/tree"
)

// packed is one member to be written: a file, a link or a directory, whose name ends in a slash.
type packed struct {
	name string
	file action.File
}

// plan lays the overlays over the tree and returns what to write, by name in byte order:
// a directory comes right before what it holds.
func plan(call action.Call, params PackParams) ([]packed, error) {
	all, err := overlaid(call, params.Overlays)
	if err != nil {
		return nil, err
	}
	members := withFolders(all)
	for i, m := range members {
		p := strings.TrimSuffix(m.name, "/")
		f, there := all[p]
		switch {
		case p != m.name && there && f.Link != "":
			return nil, diagf("path %q is a symbolic link in the tree, and an overlay lies below it", p)
		case p != m.name && there && !f.Folder:
			return nil, diagf("path %q is both a file and a directory", p)
		case p == m.name && f.Link != "" && leaves(all, p):
			call.Report(finding.Finding{Rule: LeavingRule.ID, Severity: LeavingRule.Severity, Pos: diag.File(p),
				Msg: fmt.Sprintf("is a symbolic link to %q, which is outside of the tree; it is packed as it is", f.Link)})
		}
		members[i].name = params.Prefix + "/" + m.name
	}
	return append([]packed{{name: params.Prefix + "/"}}, members...), nil
}

// overlaid returns the tree's files, links and empty folders by their paths, with the overlays in their places.
func overlaid(call action.Call, overlays []string) (map[string]action.File, error) {
	all := map[string]action.File{} // but folders that something lies in
	for _, f := range call.Files("tree") {
		if err := checkPacked(f.Path); err != nil {
			return nil, diagf("path %q of the tree %v", f.Path, err)
		}
		if _, twice := all[f.Path]; twice {
			return nil, diagf("path %q is in the tree twice", f.Path)
		}
		all[f.Path] = f
	}
	seen := map[string]bool{}
	for _, p := range overlays {
		if err := checkPacked(p); err != nil {
			return nil, diagf("overlay path %q %v", p, err)
		}
		if seen[p] {
			return nil, diagf("overlay path %q is there twice", p)
		}
		seen[p] = true
		f, err := action.OnlyFile(call, "overlay:"+p)
		if err != nil {
			return nil, err
		}
		all[p] = f
	}
	if len(all) == 0 {
		return nil, diagf("there is nothing to pack: the tree has no files")
	}
	return all, nil
}

// withFolders returns what is there and the folders that it lies in, by name in byte order.
func withFolders(all map[string]action.File) []packed {
	dirs := map[string]bool{}
	for p, f := range all {
		for dir := path.Dir(p); dir != "." && !dirs[dir]; dir = path.Dir(dir) {
			dirs[dir] = true
		}
		if f.Folder {
			dirs[p] = true
		}
	}
	members := make([]packed, 0, len(all)+len(dirs)+1)
	for dir := range dirs {
		members = append(members, packed{name: dir + "/"})
	}
	for p, f := range all {
		if !f.Folder {
			members = append(members, packed{name: p, file: f})
		}
	}
	sort.Slice(members, func(i, j int) bool { return members[i].name < members[j].name })
	return members
}

// checkPacked is tree.CheckPath for what is written: a PAX header holds UTF-8 only.
func checkPacked(p string) error {
	if err := tree.CheckPath(p); err != nil {
		return err
	}
	if !utf8.ValidString(p) {
		return errors.New("is not UTF-8")
	}
	return nil
}

// LeavingRule describes what archive.pack reports.
var LeavingRule = finding.Rule{
	ID: "link-outside", Severity: finding.Warning,
	Title: "a packed symbolic link leads out of the archive",
	Help: `A source archive keeps the symbolic links of its tree. One that is absolute, or that leads above the tree, means something else wherever the archive is
unpacked, and many programs refuse to unpack it.

Make it lead to a file of the tree, or remove it.`,
}

// leaves reports whether the link at p leads out of the tree, at once or by other links.
func leaves(all map[string]action.File, p string) bool {
	const maxLinks = 40 // as Linux follows
	at, todo := "", p
	for links := 0; todo != ""; {
		var name string
		name, todo, _ = strings.Cut(todo, "/")
		switch name {
		case "", ".":
			continue
		case "..":
			if at == "" {
				return true
			}
			if at = path.Dir(at); at == "." {
				at = ""
			}
			continue
		}
		here := path.Join(at, name)
		f := all[here]
		if f.Link == "" {
			at = here
			continue
		}
		if path.IsAbs(f.Link) {
			return true
		}
		if links++; links > maxLinks { // it leads nowhere
			return false
		}
		todo = f.Link + "/" + todo
	}
	return false
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
		h := tar.Header{Name: m.name, Typeflag: tar.TypeReg, Mode: 0o644, ModTime: time.Unix(mtime, 0)}
		switch {
		case strings.HasSuffix(m.name, "/"):
			h.Typeflag, h.Mode = tar.TypeDir, 0o755
		case m.file.Link != "":
			h.Typeflag, h.Mode, h.Linkname = tar.TypeSymlink, 0o777, m.file.Link
		default:
			if h.Size = m.file.Digest.Size; m.file.Executable {
				h.Mode = 0o755
			}
		}
		if err := out.WriteHeader(&h); err != nil {
			return &diag.Error{Msg: fmt.Sprintf("member %q cannot be written to a tar archive", m.name), Err: err}
		}
		if h.Typeflag != tar.TypeReg {
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
