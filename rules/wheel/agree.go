package wheel

import (
	"fmt"
	"sort"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/finding"
)

// Agree compares a lock that was read from a file with the wheel that it is for. A lock for another wheel is
// one error: that its packages are others, too, has the same cause. Else every disagreement is an error at the
// lock's line. label is the target, which names the command that writes the lock anew.
func (l *Lock) Agree(w *Wheel, label string) error {
	var errs diag.List
	bad := func(pos diag.Pos, format string, args ...any) {
		errs = append(errs, &diag.Error{Pos: pos, Label: label, Msg: fmt.Sprintf(format, args...)})
	}
	switch {
	case l.Wheel.SHA256 != w.SHA256:
		sum := l.Wheel.SHA256
		if sum == "" {
			sum = "no checksum"
		}
		bad(l.wheelPos, "lock is for a wheel of sha256 %s, but that of %s is %s", sum, w.Path, w.SHA256)
	case l.Wheel.Filename != w.Filename:
		bad(l.wheelPos, "lock is for a wheel %s, but the wheel is %s", clip(l.Wheel.Filename), w.Path)
	case !SameVersion(l.Wheel.Version, w.Version):
		bad(l.wheelPos, "lock is for version %s, but %s is of version %s", l.Wheel.Version, w.Path, w.Version)
	}
	if len(errs) == 0 {
		l.packagesAgree(w, bad)
	}
	if len(errs) > 0 {
		first := errs[0].(*diag.Error)
		first.Hints = []string{"run: sbomctl lock " + label}
	}
	return errs.Err()
}

// packagesAgree compares the packages that the lock names with those that the wheel says it holds.
func (l *Lock) packagesAgree(w *Wheel, bad func(pos diag.Pos, format string, args ...any)) {
	locked := map[string]Entry{}
	for name, e := range l.Packages {
		locked[Normalize(name)] = e
	}
	vendored := map[string]bool{}
	for _, r := range w.Vendored {
		vendored[Normalize(r.Name)] = true
		where := fmt.Sprintf("%s!%s:%d", w.Path, w.VendorTXT, r.Line)
		e, ok := locked[Normalize(r.Name)]
		switch {
		case !ok:
			bad(l.packagesPos, "lock has no %s, which %s names (version %s)", r.ShownName(), where, r.Version)
		case !SameVersion(e.Version, r.Version):
			bad(e.pos, "%s is locked to %s, but %s says %s", r.ShownName(), e.Version, where, r.Version)
		}
	}
	names := make([]string, 0, len(l.Packages))
	for name := range l.Packages {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		if !vendored[Normalize(name)] {
			bad(l.Packages[name].pos, "%s is locked, but %s!%s does not name it", name, w.Path, w.VendorTXT)
		}
	}
}

// Keep takes over from an older lock the licences of the same versions that the index does not state: somebody looked them up, and wrote
// where. It returns the names of those packages.
func (l *Lock) Keep(old *Lock) []string {
	var kept []string
	for name, e := range l.Packages {
		was, ok := old.Find(name)
		if !ok || e.License != "" || was.License == "" || !SameVersion(e.Version, was.Version) {
			continue
		}
		e.License, e.LicenseSource = was.License, was.LicenseSource
		l.Packages[name] = e
		kept = append(kept, name)
	}
	sort.Strings(kept)
	return kept
}

// Findings returns what is to be said of a lock that agrees with its wheel: that it is of an old format, and the packages of which
// it knows no file. label is the target.
func (l *Lock) Findings(label string) []finding.Finding {
	var out []finding.Finding
	if l.format < lockFormat {
		out = append(out, finding.Finding{Rule: "wheel-lock", Severity: finding.Warning, Pos: l.formatPos,
			Msg:   fmt.Sprintf("the lock is of format %d, which lacks what projects state of their licences, authors and homepages", l.format),
			Hints: []string{"run: sbomctl lock " + label}})
	}
	for name, e := range l.Packages {
		if e.Filename != "" {
			continue
		}
		f := finding.Finding{Rule: "wheel-lock", Severity: finding.Warning, Pos: e.pos,
			Msg: fmt.Sprintf("%s %s is locked without a file: its URL and checksum are NOASSERTION", name, e.Version)}
		if e.Note != "" {
			f.Hints = []string{"the lock file says: " + e.Note}
		}
		out = append(out, f)
	}
	return finding.Canonical(out)
}

// Find returns the entry of a vendored package, whichever way its name is written.
func (l *Lock) Find(name string) (Entry, bool) {
	if e, ok := l.Packages[name]; ok {
		return e, true
	}
	for other, e := range l.Packages {
		if Normalize(other) == Normalize(name) {
			return e, true
		}
	}
	return Entry{}, false
}
