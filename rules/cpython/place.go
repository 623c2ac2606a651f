package cpython

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/sbomctl/sbomctl/cache/osfile"
	"github.com/sbomctl/sbomctl/engine"
	"github.com/sbomctl/sbomctl/engine/diag"
)

// place is how the workspace names the tree.
//
//	the tree is                       source_tree has                    and beside it
//	the workspace, or lies in it      path = its path
//	a folder elsewhere                path = "cpython", not there        .sbomctlrc, which puts the folder there
//	a release's archive elsewhere     archive = an http_file of it       .sbomctlrc, which says where to find it
//	another archive elsewhere         path = its name, not there         .sbomctlrc, which puts it there
type place struct {
	path    string // attribute path of source_tree; "" with an archive
	archive string // name of the http_file
	sha256  string
	url     string
	files   []engine.Change
}

// releaseName is the name of a source archive of python.org.
var releaseName = regexp.MustCompile(`^Python-([0-9]+\.[0-9]+\.[0-9]+)[0-9A-Za-z]*\.(tgz|tar\.xz)$`)

// rcFile holds flags; the paths in it are relative to it.
const rcFile = ".sbomctlrc"

func locate(o Options) (place, error) {
	info, err := os.Stat(o.Tree)
	if err != nil {
		return place{}, &diag.Error{Pos: diag.File(o.Tree), Msg: "the tree cannot be read: " + osfile.Reason(err).Error(), Err: err}
	}
	if !info.IsDir() && !info.Mode().IsRegular() {
		return place{}, &diag.Error{Pos: diag.File(o.Tree), Msg: "the tree is neither a folder nor an archive"}
	}
	if real, err := filepath.EvalSymlinks(o.Tree); err == nil {
		o.Tree = real
	}
	if real, err := filepath.EvalSymlinks(o.Dir); err == nil {
		o.Dir = real
	}
	rel, err := filepath.Rel(o.Dir, o.Tree)
	if err != nil {
		return place{}, &diag.Error{Pos: diag.File(o.Tree), Msg: "no path leads from " + o.Dir + " to the tree", Err: err}
	}
	slash := filepath.ToSlash(rel)
	if filepath.IsLocal(rel) {
		return place{path: slash}, nil
	}
	name := filepath.Base(o.Tree)
	p := place{path: treeLabel.Name}
	line := "--override=" + treeLabel.String() + "=" + slash
	if m := releaseName.FindStringSubmatch(name); m != nil && !info.IsDir() {
		if p.sha256, err = sum(o.Tree); err != nil {
			return place{}, err
		}
		p.path, p.archive, p.url = "", name, "https://www.python.org/ftp/python/"+m[1]+"/"+name
		line = "--distdir=" + path.Dir(slash)
	} else if !info.IsDir() {
		p.path = name
	}
	if strings.ContainsAny(line, "\n\r") {
		return place{}, &diag.Error{Pos: diag.File(o.Tree), Msg: "the path has a line break in it, which " + rcFile + " cannot have, and there import would have to say where the tree is",
			Hints: []string{"give the folder another name, or import into the tree itself"}}
	}
	if _, err := os.Lstat(filepath.Join(o.Dir, rcFile)); err == nil {
		return place{}, &diag.Error{Pos: diag.File(filepath.Join(o.Dir, rcFile)), Msg: "the file is there already, and import would have to say in it where the tree is",
			Hints: []string{"move it away, or import into the tree itself, or into a folder above it"}}
	}
	p.files = []engine.Change{{Path: rcFile, After: []byte("# Where the tree is that this workspace was imported from.\ncommon " + rcQuote(line) + "\n")}}
	return p, nil
}

// rcQuote is a word of an rc file.
func rcQuote(word string) string {
	if !strings.ContainsAny(word, " \t\"'\\#\n\r") {
		return word
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(word) + `"`
}

// sum is the SHA-256 of a file.
func sum(name string) (string, error) {
	f, err := os.Open(name)
	if err == nil {
		defer f.Close()
		h := sha256.New()
		if _, err = io.Copy(h, f); err == nil {
			return hex.EncodeToString(h.Sum(nil)), nil
		}
	}
	return "", &diag.Error{Pos: diag.File(name), Msg: "the archive cannot be read: " + osfile.Reason(err).Error(), Err: err}
}
