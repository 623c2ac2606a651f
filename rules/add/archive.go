package add

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/cache/osfile"
	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/rules/archive"
	"github.com/sbomctl/sbomctl/rules/fetch"
	"github.com/sbomctl/sbomctl/rules/license"
)

// archived is what the archive says.
type archived struct {
	sha256   string
	licenses []license.File
	names    map[string]bool // of its files; nil when it was not read
}

// archive gets the archive, looks into it and forgets it: only its checksum and its licence files are kept.
func (a *adder) archive(ctx context.Context, fetcher *fetch.Fetcher) (archived, error) {
	switch {
	case a.r.Archive != "":
		sum, err := hashFile(a.r.Archive)
		if err != nil {
			return archived{}, &diag.Error{Msg: "--archive: " + filepath.ToSlash(a.r.Archive) + " cannot be read: " + osfile.Reason(err).Error(), Err: err}
		}
		if a.r.SHA256 != "" && sum != a.r.SHA256 {
			return archived{}, &diag.Error{Msg: fmt.Sprintf("--archive: the sha256 of %s is %s, not that of --sha256, %s", filepath.Base(a.r.Archive), sum, a.r.SHA256)}
		}
		if a.url != "" {
			a.note("download_url: that it has the file of --archive was not looked at")
		} else {
			a.note("download_url: none; --url states where the archive is from")
		}
		return a.look(a.r.Archive, filepath.Base(a.r.Archive), sum)
	case a.url != "":
		return a.download(ctx, fetcher)
	}
	if a.r.SHA256 == "" {
		a.note("sha256: none; --url or --archive gives the archive to compute it from")
	}
	return archived{sha256: a.r.SHA256}, nil
}

// download fetches the archive into a folder that is removed in the end.
func (a *adder) download(ctx context.Context, fetcher *fetch.Fetcher) (archived, error) {
	dir, err := os.MkdirTemp("", "sbomctl-add-")
	if err != nil {
		return archived{}, &diag.Error{Msg: "there is no folder for the download: " + osfile.Reason(err).Error(), Err: err}
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "archive")
	create := func() (action.Writer, error) { return newDownload(file) }
	sum := a.r.SHA256
	if sum == "" {
		sum, err = fetcher.Learn(ctx, a.url, 0, create)
	} else {
		err = fetcher.Fetch(ctx, fetch.Request{URLs: []string{a.url}, SHA256: sum, Name: a.urlName()}, create)
	}
	if err != nil {
		return archived{}, a.unfetched(err)
	}
	if a.r.SHA256 == "" && strings.HasPrefix(a.url, "http:") {
		a.note("sha256: the archive came over http, so anybody on the way could have given another; compare the checksum with what the project states")
	}
	return a.look(file, a.urlName(), sum)
}

// urlName is the file name in the URL.
func (a *adder) urlName() string {
	if u, err := url.Parse(a.url); err == nil {
		if b := path.Base(u.Path); b != "/" && b != "." {
			return b
		}
	}
	return "the archive"
}

// unfetched puts the words of this command in the place of a declaration's.
func (a *adder) unfetched(err error) error {
	var out diag.List
	for _, e := range diag.Flatten(err) {
		var d *diag.Error
		if !errors.As(e, &d) {
			out = append(out, e)
			continue
		}
		c := *d
		c.Attr, c.Hints = "", nil
		if c.Msg = strings.Replace(c.Msg, ", but "+a.r.SHA256+" is declared", ", not that of --sha256, "+a.r.SHA256, 1); c.Msg == d.Msg {
			c.Hints = []string{"--archive=FILE takes an archive that is here already"}
		}
		out = append(out, &c)
	}
	return out.Err()
}

// look reads the archive's licence files, and refuses one of another version.
func (a *adder) look(file, name, sum string) (archived, error) {
	out := archived{sha256: sum}
	if v := contradicts(name, a.version); v != "" {
		return out, a.otherVersion(name, "is named after", v)
	}
	p, err := archive.Peek(name, file, wanted)
	if errors.Is(err, archive.ErrUnread) {
		a.note("license: %s", err.Error())
		return out, nil
	}
	if err != nil {
		return out, err
	}
	out.names = p.Names
	switch {
	case len(p.Roots) == 1 && !p.Loose:
		if v := contradicts(p.Roots[0], a.version); v != "" {
			return out, a.otherVersion(name, "has the folder "+p.Roots[0]+", which is named after", v)
		}
	case p.Loose && len(p.Roots) == p.Members:
		a.note("archive: %s has no top folder", name)
	default:
		a.note("archive: %s has no single top folder: %s", name, strings.Join(p.Roots[:min(len(p.Roots), 5)], ", ")+more(len(p.Roots)-5))
	}
	for _, f := range p.Files {
		if !p.Loose && len(p.Roots) == 1 {
			_, f.Path, _ = strings.Cut(f.Path, "/")
		}
		out.licenses = append(out.licenses, license.File{Path: f.Path, Content: f.Content})
	}
	for _, s := range p.Skipped {
		a.note("license: %s of the archive is too large to be a licence file, or one too many, and was not read", s)
	}
	slices.SortFunc(out.licenses, func(x, y license.File) int { return strings.Compare(x.Path, y.Path) })
	return out, nil
}

func more(n int) string {
	if n <= 0 {
		return ""
	}
	return ", ..."
}

func (a *adder) otherVersion(name, how, version string) error {
	return &diag.Error{Pos: diag.File(name), Msg: fmt.Sprintf("the archive %s version %s, not %s", how, version, a.version),
		Hints: []string{"give the archive of " + a.version + ", or --version=" + version}}
}

// wanted reports whether a member is a licence file of the project: in its top folder, or in one for licences there.
func wanted(p string) bool {
	segments := strings.Split(p, "/")
	base := segments[len(segments)-1]
	switch n := len(segments); {
	case n <= 2 && (license.IsFile(base) || license.IsNotice(base)):
		return true
	case n == 2 || n == 3:
		dir := strings.ToUpper(segments[n-2])
		return (dir == "LICENSES" || dir == "LICENSE" || dir == "LICENCES") && strings.HasSuffix(strings.ToLower(base), ".txt")
	}
	return false
}

func hashFile(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil {
		return "", err
	} else if !info.Mode().IsRegular() {
		return "", errors.New("it is no regular file")
	}
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// download is a file that is there once it is closed.
type download struct {
	f    *os.File
	done bool
}

func newDownload(file string) (*download, error) {
	f, err := os.Create(file)
	if err != nil {
		return nil, err
	}
	return &download{f: f}, nil
}

func (d *download) Write(b []byte) (int, error) { return d.f.Write(b) }

func (d *download) Close() error {
	d.done = true
	return d.f.Close()
}

func (d *download) Abort() {
	if !d.done {
		d.done = true
		d.f.Close()
		os.Remove(d.f.Name())
	}
}
