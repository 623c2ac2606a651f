package rules

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/engine"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/edit"
	"github.com/sbomctl/sbomctl/rules/evidence"
	"github.com/sbomctl/sbomctl/rules/ident"
	"github.com/sbomctl/sbomctl/rules/version"
)

// ask holds the new version against what the tree states. The tree is moved first, then the declaration.
func (b *bump) ask() error {
	var errs diag.List
	for _, m := range b.moves {
		call, place, err := b.w.InspectPlaced(m.label, "evidence.check")
		if errors.Is(err, engine.ErrNoOperation) {
			continue // nothing of it is stated anywhere
		}
		if err != nil {
			return err
		}
		facts, err := evidence.Facts(b.ctx, call)
		for _, e := range diag.Flatten(err) {
			d, ok := e.(*diag.Error)
			if !ok {
				return e
			}
			d.Pos = place(d.Pos)
			d.Hints = append(d.Hints, fmt.Sprintf("so nobody knows whether the tree has %s %s", m.was.Name, m.version))
			errs = append(errs, d)
		}
		for _, f := range facts {
			if err := b.weigh(m, f, place(diag.Pos{File: f.Path, Line: f.Line, Col: f.Column})); err != nil {
				errs = append(errs, err)
			}
		}
	}
	return errs.Err()
}

// weigh holds one thing that the tree states against the new version.
func (b *bump) weigh(m *move, f evidence.Fact, pos diag.Pos) error {
	fail := func(format string, args ...any) *diag.Error {
		return &diag.Error{Pos: pos, Label: m.label.String(), Msg: fmt.Sprintf(format, args...)}
	}
	sum := strings.ToLower(f.Value)
	switch {
	case f.Fact != "sha256" && f.Value != m.version:
		d := fail("the tree has %s %s here, so the declaration cannot say %s", f.Fact, f.Value, m.version)
		d.Hints = []string{fmt.Sprintf("bring %s in the tree to %s first, then run bump again", m.was.Name, m.version)}
		if version.Like(m.version, f.Value) == f.Value {
			d.Hints = []string{fmt.Sprintf("is %s meant?", f.Value)}
		}
		return d
	case f.Fact != "sha256":
	case sum == strings.ToLower(m.was.SHA256):
		return fail("the tree still has the sha256 of %s here", m.was.Version)
	case b.r.SHA256 != "" && sum != strings.ToLower(b.r.SHA256):
		return fail("the tree has sha256 %s here, and --sha256 is %s", sum, b.r.SHA256)
	case m.sha256 != "" && m.sha256 != sum:
		return fail("the tree has sha256 %s here, and %s at %s", sum, m.sha256, m.stated)
	default:
		m.sha256, m.stated = sum, pos
	}
	return nil
}

// edit moves everything but the checksums.
func (b *bump) edit() error {
	var errs diag.List
	for _, m := range b.moves { // all of them first, while they are where they were declared
		if err := b.open(m); err != nil {
			return err
		}
	}
	for _, m := range b.moves {
		for _, step := range []func(*move) error{b.editVersion, b.editURL, b.editCPE, b.editPURL} {
			if err := step(m); err != nil {
				errs = append(errs, err)
			}
		}
	}
	return errs.Err()
}

// open finds the call that declares a target.
func (b *bump) open(m *move) error {
	path := m.site.Pos.File
	f := b.files[path]
	if f == nil {
		content, err := b.w.Source(path)
		if err != nil {
			return err
		}
		if f, err = edit.Parse(path, content); err != nil {
			return err
		}
		b.files[path] = f
	}
	var err error
	if m.call, err = f.CallAt(m.site.Pos); err != nil {
		return err
	}
	m.at = map[string]string{}
	for attr, value := range map[string]string{"version": m.was.Version, "download_url": m.was.DownloadURL, "sha256": m.was.SHA256, "md5": m.was.MD5, "cpe": m.was.CPE, "purl": m.was.PURL} {
		m.at[attr] = m.place(attr, value)
	}
	return nil
}

// place returns the argument of the declaring call that is an attribute of the target. A macro may call it otherwise: then it is the only
// one with the attribute's value.
func (m *move) place(attr, value string) string {
	if m.call.Has(attr) || len(m.site.Macros) == 0 || value == "" {
		return attr
	}
	var found []string
	for _, arg := range m.call.Args() {
		text, ok, err := m.call.String(arg)
		if ok && err == nil && arg != "name" && strings.ReplaceAll(text, "{version}", m.was.Version) == value {
			found = append(found, arg)
		}
	}
	if len(found) != 1 {
		return attr
	}
	return found[0]
}

func (b *bump) editVersion(m *move) error {
	text, given, err := m.call.String(m.at["version"])
	switch {
	case err != nil:
		return m.blame(err)
	case !given:
		return m.notHere("version")
	case text == m.version: // another target of this call has been moved
		return nil
	case text != m.was.Version:
		return &diag.Error{Pos: m.call.At(m.at["version"]), Label: m.label.String(), Msg: fmt.Sprintf("version is %q here, but %q in the target: it is computed", text, m.was.Version), Hints: m.site.Hints()}
	}
	return b.set(m, "version", text, m.version)
}

func (b *bump) editURL(m *move) error {
	text, given, err := m.call.String(m.at["download_url"])
	if b.r.URL != "" {
		if err != nil {
			return m.blame(err)
		}
		if !given && len(m.site.Macros) > 0 {
			return m.notHere("download_url")
		}
		now := b.r.URL
		if strings.Contains(text, "{version}") {
			now = withPlaceholder(now, m.version)
		}
		return b.set(m, "download_url", text, now)
	}
	if m.urlErr = err; err != nil || !given {
		return nil // it is computed; whether it moves, the preview tells
	}
	if strings.Contains(text, "//files.pythonhosted.org/packages/") {
		return &diag.Error{Pos: m.call.At(m.at["download_url"]), Label: m.label.String(), Msg: "download_url has a path that is made from the file's checksum",
			Hints: []string{"the page of the release on pypi.org has the new one; --url=URL gives it"}}
	}
	now, _, err := version.Move(text, m.was.Version, m.version)
	if err != nil {
		return &diag.Error{Pos: m.call.At(m.at["download_url"]), Label: m.label.String(), Msg: "in download_url " + err.Error(), Hints: []string{"--url=URL gives the new one"}}
	}
	return b.set(m, "download_url", text, now)
}

// withPlaceholder is url with "{version}" for the version, where it is written as declared and in no other form.
func withPlaceholder(url, v string) string {
	now, found, err := version.Move(url, v, "{version}")
	if err != nil || len(found) != 1 || found[0] != "as declared" {
		return url
	}
	return now
}

func (b *bump) editCPE(m *move) error {
	text, given, err := m.call.String(m.at["cpe"])
	if err != nil || !given {
		return nil
	}
	parts := strings.SplitN(text, ":", 7) // cpe:2.3:part:vendor:product:version:...
	if len(parts) < 7 || strings.Contains(text, `\:`) || strings.ReplaceAll(parts[5], `\`, "") != m.was.Version {
		return nil // "{version}", or the preview tells that it does not fit
	}
	parts[5] = ident.QuoteCPE(m.version)
	return b.set(m, "cpe", text, strings.Join(parts, ":"))
}

func (b *bump) editPURL(m *move) error {
	text, given, err := m.call.String(m.at["purl"])
	if err != nil || !given {
		return nil
	}
	now, _, err := version.Move(text, m.was.Version, m.version)
	if err != nil {
		return nil // the preview tells that it does not fit
	}
	return b.set(m, "purl", text, now)
}

// set makes an attribute now, and says so.
func (b *bump) set(m *move, attr, was, now string) error {
	if was == now {
		return nil
	}
	pos := m.call.At(m.at[attr])
	if err := m.call.Set(m.at[attr], now); err != nil {
		return m.blame(err)
	}
	from := was
	if from == "" {
		from = "nothing"
	}
	b.edits = append(b.edits, bumpEdit{pos, fmt.Sprintf("%s %s: %s -> %s", m.label, attr, from, now)})
	return nil
}

// blame is err as one of the target, with the functions that made it.
func (m *move) blame(err error) error {
	d, ok := err.(*diag.Error)
	if !ok {
		return err
	}
	e := *d
	e.Label = m.label.String()
	e.Hints = append(slices.Clone(e.Hints), m.site.Hints()...)
	return &e
}

// notHere is the error of an attribute that the call in BUILD.star does not give.
func (m *move) notHere(attr string) error {
	d := &diag.Error{Pos: m.site.Pos, Label: m.label.String(), Hints: m.site.Hints()}
	d.Msg = fmt.Sprintf("%s is not written in this call, so it is to be edited by hand, where it is made", attr)
	if len(m.site.Macros) > 0 {
		d.Msg = fmt.Sprintf("%s is no argument of this call of %s, so it is to be edited by hand, where it is made", attr, m.call.Function())
	}
	return d
}

// preview loads the workspace with the edits so far.
func (b *bump) preview() error {
	var changes []engine.Change
	packages := map[string]bool{}
	for path, f := range b.files {
		changes = append(changes, engine.Change{Path: path, After: f.Bytes()})
	}
	v, err := b.w.Preview(b.ctx, changes)
	if err != nil {
		return err
	}
	defer v.Close()
	var errs diag.List
	meant := map[string]bool{}
	for _, m := range b.moves {
		packages[m.label.Pkg], meant[m.label.String()] = true, true
		now, err := declaredPackage(v, m.label)
		if err != nil {
			for _, e := range diag.Flatten(err) {
				errs = append(errs, prefixed(fmt.Sprintf("with version %s: ", m.version), e))
			}
			continue
		}
		if now == nil || now.Version != m.version {
			errs = append(errs, &diag.Error{Pos: m.site.Pos, Label: m.label.String(), Msg: "its version is not that of this call: edit it by hand", Hints: m.site.Hints()})
			continue
		}
		if m.sum != "" && now.SHA256 != m.sum {
			errs = append(errs, &diag.Error{Pos: m.site.Pos, Label: m.label.String(), Msg: "its sha256 is not that of this call: edit it by hand", Hints: m.site.Hints()})
		}
		m.now = *now
	}
	if len(errs) > 0 {
		return errs.Err()
	}
	for pkg := range packages {
		others, err := b.w.Differing(v, pkg)
		if err != nil {
			return err
		}
		for _, l := range others {
			if !meant[l.String()] {
				return &diag.Error{Pos: b.moves[0].site.Pos, Label: b.moves[0].label.String(), Msg: fmt.Sprintf("this call declares %s too, which would be another then: edit it by hand", l)}
			}
		}
	}
	return nil
}

// mentions are the places in the call where the old version is still written.
func (m *move) mentions() []string {
	var out []string
	for _, attr := range m.call.Args() {
		if attr == "name" {
			continue
		}
		for _, place := range m.call.Places(attr) {
			text, ok, err := m.call.String(place)
			if !ok || err != nil {
				continue
			}
			if _, found, _ := version.Move(text, m.was.Version, m.version); len(found) > 0 && text != m.version {
				out = append(out, fmt.Sprintf("%s (%s)", m.call.At(place), place))
			}
		}
	}
	return out
}
