package rules

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/engine"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/edit"
	"github.com/sbomctl/sbomctl/engine/label"
	"github.com/sbomctl/sbomctl/engine/star"
	"github.com/sbomctl/sbomctl/rules/fetch"
	"github.com/sbomctl/sbomctl/rules/ident"
	"github.com/sbomctl/sbomctl/rules/spdx"
	"github.com/sbomctl/sbomctl/rules/version"
)

// BumpRequest says what Bump is to do.
type BumpRequest struct {
	Target     label.Label
	Version    string
	Everywhere bool           // all packages that are named as the target is, or as its name ends
	Archive    string         // path of what download_url names; "" when it is not at hand
	SHA256     string         // of it; "" when it is not known
	URL        string         // the new download_url; "" to make it from the old one
	Tell       func(string)   // told of what takes time; may be nil
	Fetcher    *fetch.Fetcher // that archives are downloaded with; nil: one with Go's default client
}

// Check returns what is wrong with the request whatever is declared.
func (r BumpRequest) Check() error {
	if err := spdx.Word(r.Version); err != nil {
		return prefixed("the version ", err)
	}
	if strings.ContainsAny(r.Version, "{}[]()<>\"'`\\/?*#$&|;%") || strings.HasPrefix(r.Version, "-") {
		return &diag.Error{Msg: fmt.Sprintf("%q is no version", r.Version)}
	}
	if r.SHA256 != "" {
		if err := ident.Checksum("SHA256", r.SHA256); err != nil {
			return prefixed("--sha256: ", err)
		}
	}
	if r.URL != "" {
		if err := ident.URL(r.URL); err != nil {
			return prefixed("--url: ", err)
		}
	}
	return nil
}

func prefixed(text string, err error) error {
	d, ok := err.(*diag.Error)
	if !ok {
		d = &diag.Error{Msg: err.Error(), Err: err}
	}
	e := *d
	e.Msg = text + e.Msg
	return &e
}

// BumpResult is what Bump worked out.
type BumpResult struct {
	Changes []engine.Change
	Edits   []string // a line each: where, which attribute, from what to what
	Notes   []string // a line each: what was kept, and what a person has to look at
}

// Bump works out the edits that move targets to another version: in the call that declares each, the version itself, and every
// place where it is written (version.Move). It writes nothing.
//
//	declared ──► what the tree states ──► edits ──► preview ──► checksum ──► edits ──► preview ──► changes
//	                  (refuses)                       (new URL)    (refuses)               (must be what was meant)
//
// A preview loads and analyses the workspace with the edits in place, so that no change leads to declarations that cannot be loaded.
func Bump(ctx context.Context, w *engine.Workspace, r BumpRequest) (BumpResult, error) {
	b := &bump{ctx: ctx, w: w, r: r, files: map[string]*edit.File{}}
	steps := []func() error{b.choose, b.ask, b.edit, b.preview, b.checksums, b.preview, b.finish}
	for _, step := range steps {
		if err := step(); err != nil {
			return BumpResult{}, err
		}
		if len(b.moves) == 0 {
			break // everything is at that version
		}
	}
	return b.result, nil
}

// bump is one call of Bump.
type bump struct {
	ctx    context.Context
	w      *engine.Workspace
	r      BumpRequest
	moves  []*move
	files  map[string]*edit.File
	edits  []bumpEdit
	result BumpResult
}

// bumpEdit is one value that became another.
type bumpEdit struct {
	pos  diag.Pos // of the old value
	text string
}

// move is one target that goes to another version.
type move struct {
	label    label.Label
	site     star.Site
	was, now spdx.Metadata // as declared, and as the preview has it
	version  string        // the new one
	call     *edit.Call
	at       map[string]string   // the argument of call that an attribute is
	tree     map[string]treeFact // what the tree states of the new version: its checksums and URL, by fact
	sum      string              // the new sha256, when it is declared
	urlErr   error               // why download_url cannot be edited
	fetched  bool                // what the new URL names has been looked at
}

// treeFact is something that the tree states, and where.
type treeFact struct {
	value string
	pos   diag.Pos
}

// packageOperations make the SBOM of a package.
var packageOperations = []string{"spdx.base", "spdx.deps"}

// declaredPackage returns the package that a target declares; nil when it declares none.
func declaredPackage(w *engine.Workspace, l label.Label) (*spdx.Metadata, error) {
	for _, op := range packageOperations {
		var p spdx.PackagesParams
		if ok, err := w.Params(l, op, &p); err != nil {
			return nil, err
		} else if ok && len(p.Packages) == 1 && p.Packages[0].Label == l.String() {
			return &p.Packages[0], nil
		}
	}
	return nil, nil
}

// choose finds the targets that are meant.
func (b *bump) choose() error {
	labels := []label.Label{b.r.Target}
	_, rule, err := b.w.Declared(b.r.Target)
	if b.r.Everywhere || err != nil {
		same, listErr := b.named(err == nil)
		switch {
		case listErr != nil:
			return listErr
		case b.r.Everywhere && len(same) > 0:
			labels = same
		case err != nil:
			if d, ok := err.(*diag.Error); ok && len(same) > 0 {
				d.Hints = append(d.Hints, fmt.Sprintf("%s %s; --everywhere bumps all of that name", listed(same), plural(same, "is a package of that name", "are packages of that name")))
			}
			return err
		}
	}
	for _, l := range labels {
		site, _, err := b.w.Declared(l)
		if err != nil {
			return err
		}
		was, err := declaredPackage(b.w, l)
		if err != nil {
			return err
		}
		if was == nil {
			return &diag.Error{Pos: site.Pos, Label: l.String(), Msg: fmt.Sprintf("is a %s, which declares no version that could be moved", rule), Hints: unmovable(b.w, l)}
		}
		m := &move{label: l, site: site, was: *was, version: b.r.Version}
		if b.r.Everywhere {
			m.version = version.Like(b.r.Version, was.Version)
		}
		if m.version == was.Version {
			b.note(m, "is %s already", was.Version)
			continue
		}
		if version.Older(m.version, was.Version) {
			b.note(m, "goes back, from %s to %s", was.Version, m.version)
		}
		b.moves = append(b.moves, m)
	}
	if len(b.moves) > 1 && (b.r.Archive != "" || b.r.SHA256 != "" || b.r.URL != "") {
		for _, m := range b.moves[1:] {
			if m.was.SHA256 != b.moves[0].was.SHA256 {
				return &diag.Error{Label: m.label.String(), Msg: fmt.Sprintf("comes from another file than %s, so that --archive, --sha256 and --url cannot be of both", b.moves[0].label),
					Hints: []string{"bump each by itself"}}
			}
		}
	}
	return nil
}

// named returns the targets that declare packages with the name of the request's target; there says that it is one itself.
func (b *bump) named(there bool) ([]label.Label, error) {
	name := b.r.Target.Name[strings.LastIndexByte(b.r.Target.Name, '/')+1:]
	if there {
		if p, err := declaredPackage(b.w, b.r.Target); err != nil {
			return nil, err
		} else if p != nil {
			name = p.Name
		}
	}
	all, err := b.w.Targets()
	if err != nil {
		return nil, err
	}
	var out []label.Label
	for _, l := range all {
		p, err := declaredPackage(b.w, l)
		if err != nil {
			return nil, err
		}
		if p != nil && p.Name == name {
			out = append(out, l)
		}
	}
	return out, nil
}

// unmovable says how the version of a target is moved that does not declare it.
func unmovable(w *engine.Workspace, l label.Label) []string {
	if ok, err := w.Params(l, "wheel.packages", &map[string]any{}); ok && err == nil {
		return []string{"its version is the wheel's: put the new wheel into the tree, then run: sbomctl lock " + l.String()}
	}
	return []string{"bump moves vendored_package and source_dep targets"}
}

// note adds a line about a target.
func (b *bump) note(m *move, format string, args ...any) {
	b.result.Notes = append(b.result.Notes, m.label.String()+" "+fmt.Sprintf(format, args...))
}

// finish makes the changes, and says what was not moved.
func (b *bump) finish() error {
	for _, path := range slices.Sorted(maps.Keys(b.files)) {
		before, err := b.w.Source(path)
		if err != nil {
			return err
		}
		b.result.Changes = append(b.result.Changes, engine.Change{Path: path, Before: before, After: b.files[path].Bytes()})
	}
	slices.SortStableFunc(b.edits, func(a, b bumpEdit) int {
		return cmp.Or(cmp.Compare(a.pos.File, b.pos.File), cmp.Compare(a.pos.Line, b.pos.Line), cmp.Compare(a.pos.Col, b.pos.Col))
	})
	for _, e := range b.edits {
		b.result.Edits = append(b.result.Edits, e.pos.String()+": "+e.text)
	}
	for _, m := range b.moves {
		b.review(m)
	}
	return nil
}

// year is a folder of a URL that is one.
var year = regexp.MustCompile(`/(19|20)\d\d/`)

// review notes what a person has to look at.
func (b *bump) review(m *move) {
	if m.now.DownloadURL == m.was.DownloadURL && stated(m.was.DownloadURL) && b.r.URL == "" {
		why := "it has the version in no form that bump knows; --url=URL gives another"
		if d, ok := m.urlErr.(*diag.Error); ok {
			why = fmt.Sprintf("%s (%s)", d.Msg, d.Pos)
		}
		b.note(m, "download_url stays %q: %s", m.was.DownloadURL, why)
	} else if found := year.FindString(m.now.DownloadURL); found != "" && b.r.URL == "" && !m.fetched {
		b.note(m, "download_url is %s now, which was not looked at: its folder %s may be another for this version", m.now.DownloadURL, strings.Trim(found, "/"))
	}
	if m.now.PURL == m.was.PURL && m.was.PURL != "" {
		b.note(m, "purl stays %q", m.was.PURL)
	}
	if b.r.Archive != "" {
		name := filepath.Base(b.r.Archive)
		if _, found, _ := version.Move(name, m.version, "0.0.0"); len(found) == 0 {
			b.note(m, "has the checksum of %s, whose name has no %s", name, m.version)
		}
	}
	if m.was.SHA256+m.was.SHA512+m.was.SHA1+m.was.MD5 == "" && !stated(m.now.SHA256) {
		b.note(m, "declares no checksum")
	}
	var kept []string
	for _, f := range []struct{ attr, value string }{{"license", m.was.License}, {"originator", m.was.Originator}, {"supplier", m.was.Supplier}} {
		if stated(f.value) {
			kept = append(kept, fmt.Sprintf("%s = %q", f.attr, f.value))
		}
	}
	if len(kept) > 0 {
		b.note(m, "keeps %s: look whether that holds for %s", strings.Join(kept, ", "), m.version)
	}
	for _, place := range m.mentions() {
		b.note(m, "still has %s at %s: look whether that is to be moved too", m.was.Version, place)
	}
}

// stated reports whether a declaration says anything by a value.
func stated(value string) bool { return value != "" && value != ident.NoAssertion }

// listed is labels in a sentence.
func listed(labels []label.Label) string {
	var out []string
	for _, l := range labels {
		out = append(out, l.String())
	}
	if n := len(out); n > 1 {
		return strings.Join(out[:n-1], ", ") + " and " + out[n-1]
	}
	return out[0]
}

func plural[T any](items []T, one, many string) string {
	if len(items) == 1 {
		return one
	}
	return many
}
