package wheel

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"sort"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/rules/fetch"
)

// DefaultIndex is the package index that a lock is made from unless another is named.
const DefaultIndex = "https://pypi.org"

// Index is a package index with PyPI's JSON API: GET <BaseURL>/pypi/<project>/<version>/json.
type Index struct {
	BaseURL string         // "": DefaultIndex
	Fetcher *fetch.Fetcher // nil: one with Go's default client
	Note    func(string)   // told what a reader of the lock should know (a yanked file); may be nil
}

// release is the part of an answer that is used. All of it is hostile.
type release struct {
	Info struct {
		Name              string            `json:"name"`
		Version           string            `json:"version"`
		LicenseExpression string            `json:"license_expression"` // null, as any other that is not stated, leaves ""
		License           string            `json:"license"`
		Classifiers       []string          `json:"classifiers"`
		Author            string            `json:"author"`
		AuthorEmail       string            `json:"author_email"`
		HomePage          string            `json:"home_page"`
		ProjectURLs       map[string]string `json:"project_urls"`
	} `json:"info"`
	URLs []releaseFile `json:"urls"`
}

type releaseFile struct {
	Filename    string `json:"filename"`
	URL         string `json:"url"`
	PackageType string `json:"packagetype"` // "bdist_wheel", "sdist", ...
	Yanked      bool   `json:"yanked"`
	Digests     struct {
		SHA256 string `json:"sha256"`
	} `json:"digests"`
}

// Generate asks the index for the wheel, which must be there by checksum, and for each package
// that it vendors. For those it takes the pure-Python wheel, else the sdist; a release that has only
// wheels of single platforms gets an entry without a file, since none of them is what was vendored.
func Generate(ctx context.Context, index Index, w *Wheel) (*Lock, error) {
	l := &Lock{Packages: map[string]Entry{}}
	rel, err := index.release(ctx, w.Name, w.Version)
	if err != nil {
		return nil, err
	}
	if l.Wheel, err = index.entryBySum(rel, w); err != nil {
		return nil, err
	}
	var errs diag.List
	for _, r := range w.Vendored {
		rel, err := index.release(ctx, r.Name, r.Version)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			errs = append(errs, err)
			if !errors.Is(err, fetch.ErrNotFound) && len(errs) >= 3 {
				break // the index is down, or it is not one: no use to ask for all
			}
			continue
		}
		e, err := index.entryBest(rel, r)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		l.Packages[r.ShownName()] = e
	}
	if err := errs.Err(); err != nil {
		return nil, err
	}
	return l, nil
}

// release asks for one version of one project, as it is written and else in its canonical form: PyPI knows both, other indexes one.
func (x Index) release(ctx context.Context, name, version string) (*release, error) {
	rel, err := x.ask(ctx, name, version, version)
	if c := Canonical(version); errors.Is(err, fetch.ErrNotFound) && c != "" && c != version {
		if again, err := x.ask(ctx, name, version, c); err == nil || !errors.Is(err, fetch.ErrNotFound) {
			return again, err
		}
	}
	return rel, err
}

// ask asks for a version by one of its spellings.
func (x Index) ask(ctx context.Context, name, version, spelling string) (*release, error) {
	base := strings.TrimSuffix(x.BaseURL, "/")
	if base == "" {
		base = DefaultIndex
	}
	at := base + "/pypi/" + url.PathEscape(Normalize(name)) + "/" + url.PathEscape(spelling) + "/json"
	body, err := cmp.Or(x.Fetcher, &fetch.Fetcher{}).Get(ctx, at, maxIndexBytes)
	if errors.Is(err, fetch.ErrNotFound) {
		return nil, &diag.Error{Err: fetch.ErrNotFound, Msg: fmt.Sprintf("package index has no %s %s (%s does not exist)", name, version, at)}
	}
	if err != nil {
		return nil, err
	}
	var rel release
	if err := json.Unmarshal(body, &rel); err != nil {
		return nil, &diag.Error{Err: err, Msg: fmt.Sprintf("%s is not an answer of a package index's JSON API", at)}
	}
	if Normalize(rel.Info.Name) != Normalize(name) || !SameVersion(rel.Info.Version, version) {
		return nil, &diag.Error{Msg: fmt.Sprintf("%s answers for %s %s", at, clip(rel.Info.Name), clip(rel.Info.Version))}
	}
	return &rel, nil
}

// entryBySum finds the wheel that is bundled.
func (x Index) entryBySum(rel *release, w *Wheel) (Entry, error) {
	for _, f := range rel.URLs {
		if f.Digests.SHA256 == w.SHA256 {
			if f.Filename != w.Filename {
				return Entry{}, &diag.Error{Pos: diag.File(w.Path), Msg: fmt.Sprintf("package index knows the wheel's sha256 as that of %s", clip(f.Filename))}
			}
			return x.entry(rel, f, w.Version)
		}
	}
	return Entry{}, &diag.Error{Pos: diag.File(w.Path),
		Msg:   fmt.Sprintf("package index has no file of %s %s with the wheel's sha256 %s", w.Name, w.Version, w.SHA256),
		Hints: []string{"the wheel is not the published one; get it anew before its lock is written"}}
}

// entryBest chooses the file that stands for a vendored version.
func (x Index) entryBest(rel *release, r Requirement) (Entry, error) {
	type choice struct {
		rank int
		file releaseFile
	}
	var choices []choice
	for _, f := range rel.URLs {
		if rank := rankOf(f, r); rank > 0 {
			choices = append(choices, choice{rank, f})
		}
	}
	if len(choices) == 0 {
		return Entry{Version: r.Version, Stated: rel.stated(), Note: "the package index has neither a pure-Python wheel nor an sdist"}, nil
	}
	sort.Slice(choices, func(i, j int) bool {
		a, b := choices[i], choices[j]
		if a.rank != b.rank {
			return a.rank < b.rank
		}
		return a.file.Filename < b.file.Filename
	})
	return x.entry(rel, choices[0].file, r.Version)
}

// rankOf orders the files of a release: 1 is the best, 0 is none to take. A file that says
// that it is of another project or version is none.
func rankOf(f releaseFile, r Requirement) int {
	switch f.PackageType {
	case "bdist_wheel":
		tag, ok := parseFilename(f.Filename)
		if !ok || tag.abi != "none" || tag.platform != "any" || Normalize(tag.name) != Normalize(r.Name) || !sameInFilename(tag.version, r.Version) {
			return 0
		}
		switch tag.python {
		case "py3":
			return 1
		case "py2.py3", "py3.py2":
			return 2
		}
	case "sdist":
		if stem, ok := strings.CutSuffix(f.Filename, ".tar.gz"); ok && isStem(stem, r) {
			return 3
		}
		if stem, ok := strings.CutSuffix(f.Filename, ".zip"); ok && isStem(stem, r) {
			return 4
		}
	}
	return 0
}

// isStem reports whether s is "<name>-<version>" in one of its spellings, of which old ones have a "-" in the version.
func isStem(s string, r Requirement) bool {
	for i := range len(s) {
		if s[i] == '-' && Normalize(s[:i]) == Normalize(r.Name) && sameInFilename(s[i+1:], r.Version) {
			return true
		}
	}
	return false
}

// entry makes an entry of a file of the index.
func (x Index) entry(rel *release, f releaseFile, version string) (Entry, error) {
	e := Entry{Version: version, Filename: f.Filename, URL: f.URL, SHA256: f.Digests.SHA256, Stated: rel.stated()}
	if f.Yanked {
		e.Note = "yanked"
		x.note("%s is yanked from the package index", f.Filename)
	}
	why := e.problem()
	switch {
	case why == "" && e.URL == "":
		why = "no url"
	case e.SHA256 == "":
		why = "no sha256"
	}
	if why != "" {
		return Entry{}, &diag.Error{Msg: fmt.Sprintf("package index's answer for %s %s cannot be used: %s", Normalize(rel.Info.Name), version, why)}
	}
	return e, nil
}

// stated is what the project states to the index.
func (r *release) stated() Stated {
	i := r.Info
	var links []link
	for label, url := range i.ProjectURLs {
		links = append(links, link{label, url})
	}
	sort.Slice(links, func(i, j int) bool { return links[i].label < links[j].label })
	s := Stated{Author: statedAuthor(i.Author, i.AuthorEmail), Homepage: statedHomepage(i.HomePage, links)}
	s.License, s.LicenseSource = statedLicense(i.LicenseExpression, i.License, i.Classifiers)
	return s
}

func (x Index) note(format string, args ...any) {
	if x.Note != nil {
		x.Note(fmt.Sprintf(format, args...))
	}
}
