package spdx

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/rules/ident"
)

// Superseded is a call of superseded(): where an SBOM that lies in a tree or archive, and cannot be mended, is wrong about a package. It
// covers the differences in the fields that it names, or in which the SBOM says what it is declared to say, and no other.
type Superseded struct {
	Package string            `json:"package"` // its name; anyPackage is every package that no other entry speaks of in that field
	Reason  string            `json:"reason"`
	Says    map[string]string `json:"says,omitempty"`   // field -> what the SBOM says
	Fields  []string          `json:"fields,omitempty"` // fields in which it says whatever it says
}

// anyPackage is the name of an entry for all packages.
const anyPackage = "*"

// covers reports whether an entry names a field.
func (s Superseded) covers(field string) bool {
	_, says := s.Says[field]
	return says || slices.Contains(s.Fields, field)
}

// empty reports whether an entry names nothing, as those of the old form {NAME: REASON}.
func (s Superseded) empty() bool { return len(s.Says)+len(s.Fields) == 0 }

// OwnSBOM says what is compared with what, for messages.
type OwnSBOM struct {
	Path    string // where the SBOM lies: "Misc/sbom.spdx.json"
	Of      string // what it lies in: "Python-3.13.5.tar.xz", or a tree
	Built   string // what is built: "the base SBOM //:base_sbom"
	Label   string // the target that builds it; "" when it is not to be built again
	On      string // the target whose attribute superseded is meant, when it is another than the one that reports
	Entries []Superseded
}

func (o OwnSBOM) where() string { return o.Path + " of " + o.Of }

// Supersession is what an entry covers of a package.
type Supersession struct {
	Package     string
	Reason      string
	Differences []Difference
}

// Supersede matches differences with what is declared of them. A difference that is not declared is an error, and so is a declaration without
// its difference, which would hide a later one.
func Supersede(differences []Difference, own OwnSBOM) ([]Supersession, error) {
	m := &supersede{own: own, used: map[use]bool{}, covered: map[pair][]Difference{}}
	m.check()
	for i := 0; i < len(differences); {
		k := i
		for k < len(differences) && differences[k].Package == differences[i].Package {
			k++
		}
		m.pkg(differences[i:k])
		i = k
	}
	m.stale(differences)
	var out []Supersession
	for _, p := range slices.SortedFunc(maps.Keys(m.covered), func(a, b pair) int {
		if c := strings.Compare(a.pkg, b.pkg); c != 0 {
			return c
		}
		return a.entry - b.entry
	}) {
		out = append(out, Supersession{Package: p.pkg, Reason: own.Entries[p.entry].Reason, Differences: m.covered[p]})
	}
	return out, m.errs.Err()
}

// use is a field of an entry, and pair an entry and a package that it covers.
type (
	use struct {
		entry int
		field string
	}
	pair struct {
		pkg   string
		entry int
	}
)

type supersede struct {
	own     OwnSBOM
	errs    diag.List
	used    map[use]bool // what covers a difference, or says something else of it
	covered map[pair][]Difference
}

func (m *supersede) fail(entry int, hints []string, format string, args ...any) {
	attr := "superseded"
	if entry >= 0 {
		attr = fmt.Sprintf("superseded[%d]", entry)
	}
	m.errs = append(m.errs, &diag.Error{Label: m.own.On, Attr: attr, Msg: fmt.Sprintf(format, args...), Hints: hints})
}

// check reports entries that are wrong whatever differs.
func (m *supersede) check() {
	for i, e := range m.own.Entries {
		if strings.TrimSpace(e.Reason) == "" {
			m.fail(i, nil, "superseded of %q gives no reason", e.Package)
		} else if err := ident.Text(e.Reason); err != nil {
			m.fail(i, nil, "reason of %q: %s", e.Package, err)
		}
		for _, f := range e.Fields {
			if _, says := e.Says[f]; says {
				m.fail(i, []string{"leave it out of fields: then only what it says now is covered"}, "superseded of %q has %s in says and in fields", e.Package, f)
			}
		}
		for k, other := range m.own.Entries[:i] {
			if other.Package != e.Package {
				continue
			}
			for _, f := range slices.Concat(sortedKeys(e.Says), e.Fields) {
				if other.covers(f) {
					m.fail(i, nil, "superseded[%d] and superseded[%d] both speak of %s of %q", k, i, f, e.Package)
				}
			}
		}
	}
}

// find returns the entry that speaks of a field of a package; -1 is none.
func (m *supersede) find(pkg, field string) int {
	for _, name := range []string{pkg, anyPackage} {
		for i, e := range m.own.Entries {
			if e.Package == name && e.covers(field) {
				return i
			}
		}
	}
	return -1
}

// pkg settles the differences of one package.
func (m *supersede) pkg(differences []Difference) {
	var open []error
	old := -1
	for i, e := range m.own.Entries {
		if e.Package == differences[0].Package && e.empty() {
			old = i
		}
	}
	for _, d := range differences {
		i := m.find(d.Package, d.Field)
		if i < 0 {
			if old < 0 {
				open = append(open, d.err(m.own))
			}
			continue
		}
		e := m.own.Entries[i]
		for k, other := range m.own.Entries { // a second one that speaks of it has been reported
			if other.Package == e.Package {
				m.used[use{k, d.Field}] = true
			}
		}
		if said, ok := e.Says[d.Field]; ok && said != d.says() {
			m.fail(i, []string{"look whether the reason holds for it, then write: " + paste(m.entryFor(differences, i))},
				"superseded says that %s of %q is %s in %s, but it is %s there", d.Field, d.Package, strconv.Quote(said), m.own.where(), strconv.Quote(d.says()))
			continue
		}
		p := pair{d.Package, i}
		m.covered[p] = append(m.covered[p], d)
	}
	switch {
	case old >= 0:
		var hints []string
		for _, d := range differences {
			if m.find(d.Package, d.Field) < 0 {
				hints = append(hints, d.err(m.own).Msg)
			}
		}
		m.fail(old, append(hints, "where the declaration is right in that, write: "+paste(m.entryFor(differences, old))),
			"superseded of %q names neither fields nor what %s says in them, so that it would hide any difference", differences[0].Package, m.own.Path)
	case len(open) > 0:
		last := open[len(open)-1].(*diag.Error)
		last.Hints = regenerate(m.own.Label)
		what := "where it cannot be mended, add to superseded of " + m.target() + ": " + paste(m.entryFor(differences, -1))
		if len(last.Hints) > 0 {
			what = "or, " + what
		}
		last.Hints = append(last.Hints, what)
		m.errs = append(m.errs, open...)
	}
}

func (m *supersede) target() string {
	if m.own.On != "" {
		return m.own.On
	}
	return "the target"
}

// maxSays bounds what an entry that is proposed says of one field, in bytes.
const maxSays = 600

// entryFor is the entry that would cover what nothing does yet: that of the package at i, or a new one.
func (m *supersede) entryFor(differences []Difference, i int) Superseded {
	e := Superseded{Package: differences[0].Package, Reason: "why the declaration is right", Says: map[string]string{}}
	if i >= 0 {
		e.Package, e.Reason = m.own.Entries[i].Package, m.own.Entries[i].Reason
		maps.Copy(e.Says, m.own.Entries[i].Says)
		e.Fields = slices.Clone(m.own.Entries[i].Fields)
	}
	for _, d := range differences {
		if by := m.find(d.Package, d.Field); by >= 0 && by != i {
			continue
		}
		if slices.Contains(e.Fields, d.Field) {
			continue
		}
		if says := d.says(); len(says) <= maxSays {
			e.Says[d.Field] = says
		} else {
			e.Fields = append(e.Fields, d.Field)
		}
	}
	return e
}

// paste is an entry as BUILD.star has it.
func paste(e Superseded) string {
	var b strings.Builder
	fmt.Fprintf(&b, "superseded(%s, reason = %s", starString(e.Package), starString(strings.Join(strings.Fields(e.Reason), " ")))
	if len(e.Says) > 0 {
		b.WriteString(", says = {")
		for i, f := range sortedKeys(e.Says) {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(starString(f) + ": " + starString(e.Says[f]))
		}
		b.WriteString("}")
	}
	if len(e.Fields) > 0 {
		var quoted []string
		for _, f := range e.Fields {
			quoted = append(quoted, starString(f))
		}
		b.WriteString(", fields = [" + strings.Join(quoted, ", ") + "]")
	}
	return b.String() + ")"
}

// starString quotes a text as Starlark does, in ASCII.
func starString(s string) string {
	b, _ := json.Marshal(strings.ToValidUTF8(s, "\ufffd")) // a string always encodes
	return strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(string(b))
}

// stale reports what is declared of differences that are not there.
func (m *supersede) stale(differences []Difference) {
	differing := map[string]bool{}
	for _, d := range differences {
		differing[d.Package] = true
	}
	for i, e := range m.own.Entries {
		var gone []string
		for _, f := range slices.Concat(sortedKeys(e.Says), e.Fields) {
			if !m.used[use{i, f}] {
				gone = append(gone, f)
			}
		}
		remove := []string{"remove the entry"}
		switch {
		case e.Package != anyPackage && !differing[e.Package]:
			m.fail(i, remove, "superseded names package %q, but %s does not differ from %s in it%s", e.Package, m.own.where(), m.own.Built, diag.DidYouMean(e.Package, sortedKeys(differing)))
		case e.Package == anyPackage && e.empty():
			m.fail(i, []string{`name fields: superseded("*", reason = "...", fields = ["licenseConcluded"])`}, "superseded of all packages names no fields")
		case len(gone) > 0:
			if len(gone) < len(e.Says)+len(e.Fields) {
				remove = []string{"take it out of the entry"}
			}
			of := fmt.Sprintf("of package %q", e.Package)
			if e.Package == anyPackage {
				of = "of all packages"
			}
			m.fail(i, remove, "superseded names %s %s, but %s does not differ from %s in it%s", strings.Join(gone, ", "), of, m.own.where(), m.own.Built, diag.DidYouMean(gone[0], fieldsOfPackage(differences, e.Package)))
		}
	}
}

// fieldsOfPackage are the fields in which a package differs.
func fieldsOfPackage(differences []Difference, pkg string) []string {
	fields := map[string]bool{}
	for _, d := range differences {
		if d.Package == pkg || pkg == anyPackage {
			fields[d.Field] = true
		}
	}
	return sortedKeys(fields)
}

// supersededFiles are the packages whose files the SBOM lists otherwise, and may.
func supersededFiles(supersessions []Supersession) map[string]bool {
	out := map[string]bool{}
	for _, s := range supersessions {
		for _, d := range s.Differences {
			if d.Field == "files" || d.Field == "package" {
				out[s.Package] = true
			}
		}
	}
	return out
}
