package score

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// Declared is a component's declaration: which target to mend.
type Declared struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Label   string `json:"label"`
}

// Source is what a document was made from.
type Source struct {
	Label    string     // of the SBOM
	Formats  []string   // that it is made in, beside SPDX 2.3 JSON
	Product  string     // target of the product; "" when there is none
	Packages []Declared // vendored_package and source_dep targets
	Wheels   []Declared // the packages of bundled_wheel targets
	Vendored []Declared // what is vendored in them, with the wheel's target
}

// Report is how complete a document is.
type Report struct {
	Document   string         `json:"document"`   // the target
	Formats    []string       `json:"formats"`    // that it is made in
	Components int            `json:"components"` // how many it lists
	Standards  []StandardHeld `json:"standards"`
}

// StandardHeld is how much of a standard a document holds.
type StandardHeld struct {
	ID       string        `json:"id"`
	Title    string        `json:"title"`
	Source   string        `json:"source"`
	Score    int           `json:"score"`    // per cent; see the package comment
	Held     int           `json:"held"`     // elements that are held by everything that they are asked of
	Counted  int           `json:"counted"`  // elements that count
	Blocked  string        `json:"blocked"`  // why the score is 0 whatever is held; "" when it is not
	Elements []ElementHeld `json:"elements"` // in the standard's order
}

// The status of an element.
const (
	StatusHeld       = "held"
	StatusPartly     = "partly held"
	StatusNotHeld    = "not held"
	StatusImpossible = "not possible in this format"
	StatusOutside    = "not in a document" // does not count
	StatusNotAsked   = "not asked"         // no component is one that it is asked of; does not count
)

// ElementHeld is how much of an element a document holds. Of is how many components it is asked of, or 1 for the document.
type ElementHeld struct {
	ID      string    `json:"id"`
	Title   string    `json:"title"`
	Section string    `json:"section"`
	Status  string    `json:"status"`
	Held    int       `json:"held"`
	Unknown int       `json:"unknown"` // the document says NOASSERTION
	Of      int       `json:"of"`
	Mend    string    `json:"mend"`    // what to do, in one line; "" when nothing is to be done
	Lacking []Lacking `json:"lacking"` // components that do not hold it, in the document's order; at most maxLacking

	document bool // it is asked of the document, not of components
}

// maxLacking bounds how many components an element names.
const maxLacking = 1000

// Lacking is a component that does not hold an element.
type Lacking struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Unknown bool   `json:"unknown"`   // the document says NOASSERTION
	Label   string `json:"label"`     // target to mend; "" when none declares it
	Attr    string `json:"attribute"` // of that target; "" when none mends it
}

// Evaluate holds a document against the standards.
func Evaluate(data []byte, src Source) (*Report, error) {
	d, err := parse(data)
	if err != nil {
		return nil, err
	}
	r := &Report{Document: src.Label, Formats: append([]string{"spdx-2.3-json"}, slices.DeleteFunc(slices.Clone(src.Formats), func(f string) bool { return f == "spdx-2.3-json" })...), Components: len(d.Components)}
	e := &evaluation{document: d, source: src, formats: r.Formats, origins: origins(src)}
	for _, s := range Standards {
		r.Standards = append(r.Standards, e.standard(s))
	}
	return r, nil
}

type evaluation struct {
	document *document
	source   Source
	formats  []string
	origins  map[[2]string]origin
}

// origin is what declares a component, and which of a check's mends is for it.
type origin struct {
	label string
	attr  func(mend) string
}

func origins(src Source) map[[2]string]origin {
	out := map[[2]string]origin{}
	add := func(list []Declared, attr func(mend) string) {
		for _, p := range list {
			k := [2]string{p.Name, p.Version}
			if _, ok := out[k]; !ok {
				out[k] = origin{p.Label, attr}
			}
		}
	}
	add(src.Packages, func(m mend) string { return m.pkg })
	add(src.Wheels, func(m mend) string { return m.wheel })
	add(src.Vendored, func(m mend) string { return m.vendored })
	return out
}

func (e *evaluation) standard(s Standard) StandardHeld {
	out := StandardHeld{ID: s.ID, Title: s.Title, Source: s.Source}
	sum, counted := new(big.Rat), int64(0)
	for _, el := range s.Elements {
		h := e.element(s, el)
		out.Elements = append(out.Elements, h)
		if h.Status == StatusOutside || h.Status == StatusNotAsked {
			continue
		}
		counted++
		if h.Status == StatusHeld {
			out.Held++
		}
		if h.Of > 0 && h.Status != StatusImpossible {
			sum.Add(sum, big.NewRat(int64(h.Held), int64(h.Of)))
		}
	}
	out.Counted = int(counted)
	if counted > 0 {
		sum.Mul(sum, big.NewRat(100, counted))
		out.Score = int(new(big.Int).Quo(sum.Num(), sum.Denom()).Int64())
	}
	if s.Formats != nil && !overlap(s.Formats, e.formats) {
		out.Blocked = "it is in no format that the standard allows (" + strings.Join(s.Formats, ", ") + ")"
		out.Score = 0
	}
	return out
}

// overlap reports whether the lists have an element in common.
func overlap(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}

// element holds the document against one element of a standard.
func (e *evaluation) element(s Standard, el Element) ElementHeld {
	c := el.check
	out := ElementHeld{ID: c.id, Title: el.Title, Section: el.Section, Lacking: []Lacking{}, document: c.component == nil}
	switch {
	case c.document == nil && c.component == nil:
		out.Status = StatusOutside
		out.Mend = "sign the file that is published, beside it"
		return out
	case c == hasFormat && s.Formats != nil: // the format that the standard wants is one of those that are built
		out.Of = 1
		if overlap(s.Formats, e.formats) {
			out.Held, out.Status = 1, StatusHeld
			return out
		}
		out.Status = StatusImpossible
		out.Mend = e.wantFormat(s.Formats)
		return out
	case c.document != nil:
		out.Of = 1
		e.count(&out, c.document(e.document), nil, c)
	default:
		for i := range e.document.Components {
			p := &e.document.Components[i]
			if c.asked == nil || c.asked(e.document, p) {
				out.Of++
				e.count(&out, c.component(e.document, p), p, c)
			}
		}
	}
	switch {
	case c.formats != nil && !overlap(c.formats, e.formats):
		out.Status, out.Held, out.Unknown, out.Lacking = StatusImpossible, 0, 0, []Lacking{}
		out.Mend = e.wantFormat(c.formats)
		return out
	case out.Of == 0 && len(e.document.Components) > 0:
		out.Status = StatusNotAsked
	case out.Held == out.Of && out.Of > 0:
		out.Status = StatusHeld
	case out.Held > 0:
		out.Status = StatusPartly
	default:
		out.Status = StatusNotHeld
	}
	out.Mend = e.advice(out, c)
	return out
}

// count notes what the document, or one of its components, holds.
func (e *evaluation) count(out *ElementHeld, s state, p *component, c *check) {
	switch s {
	case held:
		out.Held++
		return
	case unknown:
		out.Unknown++
	}
	if p == nil || len(out.Lacking) >= maxLacking {
		return
	}
	l := Lacking{Name: p.Name, Version: p.Version, Unknown: s == unknown}
	o, declared := e.origins[[2]string{p.Name, p.Version}]
	alone := declared && o.label == e.source.Label // a package's own document describes the package
	if e.document.described[p.ID] && e.source.Product != "" && !alone {
		l.Label, l.Attr = e.source.Product, c.mend.product
		if l.Attr == attrArtifact { // what the file itself would say
			if l.Label = e.source.Label; p.FileName == "" {
				l.Attr = "" // it is no file
			}
		}
	} else if declared {
		l.Label, l.Attr = o.label, o.attr(c.mend)
	}
	out.Lacking = append(out.Lacking, l)
}

// wantFormat says which format to add.
func (e *evaluation) wantFormat(formats []string) string {
	if e.source.foreign() {
		return "make it in " + formats[0] + " as well"
	}
	return fmt.Sprintf("add %q to formats of %s", formats[0], e.source.Label)
}

// foreign reports whether no target declares anything of the document.
func (s *Source) foreign() bool {
	return s.Product == "" && len(s.Packages) == 0 && len(s.Wheels) == 0
}
