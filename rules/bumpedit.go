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
	value, was, given := f.Value, "", ""
	switch f.Fact {
	case evidence.Version, evidence.Revision:
		if value == m.version {
			return nil
		}
		d := fail("the tree has %s %s here, so the declaration cannot say %s", f.Fact, value, m.version)
		d.Hints = []string{fmt.Sprintf("bring %s in the tree to %s first, then run bump again", m.was.Name, m.version)}
		if version.Like(m.version, value) == value {
			d.Hints = []string{fmt.Sprintf("is %s meant?", value)}
		}
		return d
	case evidence.URL:
		was, given = m.was.DownloadURL, b.r.URL
	case evidence.SHA256:
		was, given = m.was.SHA256, b.r.SHA256
	case evidence.SHA512:
		was = m.was.SHA512
	case evidence.SHA1:
		was = m.was.SHA1
	case evidence.MD5:
		was = m.was.MD5
	default: // what does not move with the version, or is held against the new declaration
		return nil
	}
	if f.Fact != evidence.URL {
		value = strings.ToLower(value)
	}
	known, twice := m.tree[f.Fact]
	switch {
	case stated(was) && value == strings.ToLower(was) && f.Fact != evidence.URL:
		return fail("the tree still has the %s of %s here", f.Fact, m.was.Version)
	case given != "" && value != given:
		return fail("the tree has %s %s here, and --%s is %s", f.Fact, value, f.Fact, given)
	case twice && known.value != value:
		return fail("the tree has %s %s here, and %s at %s", f.Fact, value, known.value, known.pos)
	case m.tree == nil:
		m.tree = map[string]treeFact{}
	}
	m.tree[f.Fact] = treeFact{value, pos}
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
	for attr, value := range map[string]string{"version": m.was.Version, "download_url": m.was.DownloadURL, "sha256": m.was.SHA256, "sha512": m.was.SHA512, "sha1": m.was.SHA1, "md5": m.was.MD5, "cpe": m.was.CPE, "purl": m.was.PURL} {
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
		if ok && err == nil && arg != "name" && filledWith(text, m.was.Version) == value {
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

// filledWith is a text with a version for its placeholders; one that cannot be filled is as it is.
func filledWith(text, v string) string {
	out, err := version.Fill(text, map[string]string{"version": v}, nil)
	if err != nil {
		return text
	}
	return out
}

// editURL writes the version as a placeholder wherever the URL has it, so that the next bump is that of one value.
func (b *bump) editURL(m *move) error {
	text, given, err := m.call.String(m.at["download_url"])
	now := b.r.URL
	if fact, ok := m.tree[evidence.URL]; ok && now == "" {
		now = fact.value
	}
	if now != "" {
		if err != nil {
			return m.blame(err)
		}
		if !given && len(m.site.Macros) > 0 {
			if now == filledWith(m.was.DownloadURL, m.version) || b.r.URL == "" {
				return nil // it is made elsewhere; whether it is right, the preview tells
			}
			return m.notHere("download_url")
		}
		if filledWith(text, m.version) == now {
			return nil
		}
		return b.set(m, "download_url", text, version.Fold(now, m.version))
	}
	if m.urlErr = err; err != nil || !given {
		return nil // it is computed; whether it moves, the preview tells
	}
	if strings.Contains(text, "//files.pythonhosted.org/packages/") {
		return &diag.Error{Pos: m.call.At(m.at["download_url"]), Label: m.label.String(), Msg: "download_url has a path that is made from the file's checksum",
			Hints: []string{"the page of the release on pypi.org has the new one; --url=URL gives it"}}
	}
	if now, _, err = version.Move(text, m.was.Version, m.version); err == nil {
		now = version.Fold(now, m.version)
		if _, err = version.Fill(now, map[string]string{"version": m.version}, nil); err != nil {
			err = errors.New(err.(*diag.Error).Msg)
		}
	}
	if err != nil {
		return &diag.Error{Pos: m.call.At(m.at["download_url"]), Label: m.label.String(), Msg: "in download_url " + err.Error(), Hints: []string{"--url=URL gives the new one"}}
	}
	return b.set(m, "download_url", text, now)
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
	parts[5] = "{version}"
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
	return b.set(m, "purl", text, version.Fold(now, m.version))
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
		if err := m.agrees(); err != nil {
			errs = append(errs, err)
		}
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

// agrees holds the new URL against what the tree states.
func (m *move) agrees() error {
	fact, ok := m.tree[evidence.URL]
	if !ok || fact.value == m.now.DownloadURL {
		return nil
	}
	d := &diag.Error{Pos: fact.pos, Label: m.label.String(), Msg: fmt.Sprintf("the tree has url %s here, and download_url would be %s", fact.value, m.now.DownloadURL)}
	if len(m.site.Macros) > 0 {
		d.Hints = m.site.Hints()
	}
	return d
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
