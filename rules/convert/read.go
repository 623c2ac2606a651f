package convert

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/rules/spdx"
)

// read reads a whole SPDX 2.3 document in JSON, which must be valid. What it returns is in one canonical form: lists are sets
// (sorted, each item once), of two ways to say one thing there is one.
func read(data []byte) (*document, error) {
	d := &document{}
	var decoding sync.WaitGroup
	var undecoded error
	decoding.Go(func() {
		dec := json.NewDecoder(bytes.NewReader(data))
		dec.DisallowUnknownFields() // what is not known would be lost
		undecoded = dec.Decode(d)
	})
	problems := spdx.Validate(data)
	decoding.Wait()
	var more int
	var first string
	for _, p := range problems {
		if p.Minimum {
			continue
		}
		if more++; more == 1 {
			first = strings.TrimSpace(p.Path + " " + p.Msg)
		}
	}
	if more > 0 {
		err := &diag.Error{Msg: "the SPDX document cannot be converted, since it is not valid: " + first}
		if more > 1 {
			err.Msg += fmt.Sprintf(" (and %d more)", more-1)
		}
		return nil, err
	}
	if undecoded != nil {
		return nil, spdx.JSONError("", data, undecoded)
	}
	if err := d.canonicalize(); err != nil {
		return nil, err
	}
	return d, nil
}

// inverse are the relationships that say what another one says from the other side.
var inverse = map[string]string{
	"CONTAINED_BY": contains, "DESCRIBED_BY": describes, "DEPENDENCY_OF": dependsOn,
	"GENERATES": "GENERATED_FROM", "ANCESTOR_OF": "DESCENDANT_OF", "PREREQUISITE_FOR": "HAS_PREREQUISITE",
}

// canonicalize brings the document into its one form: what is said in two ways first, since that becomes relationships, then the order.
func (d *document) canonicalize() error {
	add := func(from, kind string, to []string) {
		for _, id := range to {
			d.Relationships = append(d.Relationships, relationship{From: from, Type: kind, To: id})
		}
	}
	add(documentID, describes, d.Describes)
	d.Describes, d.Schema = nil, ""
	for i := range d.Packages {
		p := &d.Packages[i]
		add(p.ID, contains, p.HasFiles)
		p.HasFiles = nil
		p.canonicalize()
	}
	for i := range d.Files {
		if err := d.Files[i].canonicalize(); err != nil {
			return err
		}
	}
	for i := range d.Snippets {
		s := &d.Snippets[i]
		set(&s.LicenseInfoInSnippets)
		set(&s.Attributions)
		setOf(&s.Ranges, byText[snippetRange])
		notes(&s.Annotations)
	}
	for i := range d.Licenses {
		set(&d.Licenses[i].SeeAlsos)
		setOf(&d.Licenses[i].CrossRefs, byText[crossRef])
	}
	for i := range d.ExternalDocs {
		d.ExternalDocs[i].Checksum.Value = strings.ToLower(d.ExternalDocs[i].Checksum.Value)
	}
	for i, r := range d.Relationships {
		if kind, ok := inverse[r.Type]; ok && strings.HasPrefix(r.To, "SPDXRef-") {
			d.Relationships[i] = relationship{From: r.To, Type: kind, To: r.From, Comment: r.Comment}
		}
	}
	d.sort()
	return nil
}

// sort makes the document's own lists sets.
func (d *document) sort() {
	set(&d.Creation.Creators)
	notes(&d.Annotations)
	setOf(&d.Reviews, byText[review])
	setOf(&d.ExternalDocs, byText[externalDocument])
	sortByID(d.Licenses, func(l *extractedLicense) string { return l.ID })
	sortByID(d.Packages, func(p *pkg) string { return p.ID })
	sortByID(d.Files, func(f *file) string { return f.ID })
	sortByID(d.Snippets, func(s *snippet) string { return s.ID })
	setOf(&d.Relationships, func(a, b relationship) int {
		return cmp.Or(strings.Compare(a.From, b.From), strings.Compare(a.Type, b.Type), strings.Compare(a.To, b.To), strings.Compare(a.Comment, b.Comment))
	})
}

func (p *pkg) canonicalize() {
	p.Purpose = strings.ReplaceAll(p.Purpose, "_", "-") // 2.3 writes OPERATING_SYSTEM in JSON, 2.3.1 does no longer
	for j := range p.Refs {
		p.Refs[j].Category = strings.ReplaceAll(p.Refs[j].Category, "_", "-")
	}
	if p.VerificationCode != nil {
		p.VerificationCode.Value = strings.ToLower(p.VerificationCode.Value)
		set(&p.VerificationCode.Excluded)
	}
	sums(&p.Checksums)
	setOf(&p.Refs, func(a, b externalRef) int {
		return cmp.Or(strings.Compare(a.Category, b.Category), strings.Compare(a.Type, b.Type), strings.Compare(a.Locator, b.Locator), strings.Compare(a.Comment, b.Comment))
	})
	set(&p.LicenseInfoFromFiles)
	set(&p.Attributions)
	notes(&p.Annotations)
}

func (f *file) canonicalize() error {
	sums(&f.Checksums)
	for _, list := range []*[]string{&f.Types, &f.LicenseInfoInFiles, &f.Contributors, &f.Attributions, &f.Dependencies} {
		set(list)
	}
	for j, raw := range f.ArtifactOfs {
		text, err := canonicalJSON(raw)
		if err != nil {
			return err
		}
		f.ArtifactOfs[j] = text
	}
	setOf(&f.ArtifactOfs, func(a, b json.RawMessage) int { return bytes.Compare(a, b) })
	notes(&f.Annotations)
	return nil
}

// sortByID sorts elements by their identifiers, which are unique. Each is moved once, since they are large and many.
func sortByID[T any](list []T, id func(*T) string) {
	order := make([]*T, len(list))
	for i := range list {
		order[i] = &list[i]
	}
	slices.SortFunc(order, func(a, b *T) int { return strings.Compare(id(a), id(b)) })
	sorted := make([]T, len(list))
	for i, item := range order {
		sorted[i] = *item
	}
	copy(list, sorted)
}

// set makes a list of texts a set.
func set(list *[]string) {
	slices.Sort(*list)
	*list = slices.Compact(*list)
}

// setOf does that by an order in which equal items are equal.
func setOf[T any](list *[]T, order func(a, b T) int) {
	slices.SortFunc(*list, order)
	*list = slices.CompactFunc(*list, func(a, b T) bool { return order(a, b) == 0 })
}

func sums(list *[]checksum) {
	for i := range *list {
		(*list)[i].Value = strings.ToLower((*list)[i].Value)
	}
	setOf(list, func(a, b checksum) int {
		return cmp.Or(strings.Compare(a.Algorithm, b.Algorithm), strings.Compare(a.Value, b.Value))
	})
}

func notes(list *[]annotation) {
	setOf(list, func(a, b annotation) int {
		return cmp.Or(strings.Compare(a.Date, b.Date), strings.Compare(a.Annotator, b.Annotator), strings.Compare(a.Type, b.Type), strings.Compare(a.Comment, b.Comment))
	})
}

// byText compares two values, of which a document has few, by their JSON.
func byText[T any](a, b T) int { return strings.Compare(text(a), text(b)) }

// text is a value of this package as compact JSON.
func text(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(fmt.Sprintf("%v: %v", reflect.TypeOf(v), err)) // these types have no values that JSON has not
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// canonicalJSON is any JSON with sorted keys and no space; its numbers are kept as they are written.
func canonicalJSON(raw []byte) (json.RawMessage, error) {
	var v any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return nil, &diag.Error{Msg: fmt.Sprintf("%.60q is no JSON", raw), Err: err}
	}
	return json.RawMessage(text(v)), nil
}
