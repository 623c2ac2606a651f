package sbomdiff

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// How says how far two documents are the same.
type How string

// From the closest to the farthest.
const (
	Identical  How = "identical"  // the same bytes
	Formatting How = "formatting" // they differ in white space
	Order      How = "order"      // they say the same in another order, with other identifiers or spelling
	Different  How = "different"  // they say something else
)

// Diff is how two documents differ. Lists are sorted.
type Diff struct {
	How           How           `json:"how"`
	Document      []Change      `json:"document"` // of fields of the document itself
	Added         []Ref         `json:"added"`    // packages
	Removed       []Ref         `json:"removed"`
	Changed       []PackageDiff `json:"changed"`
	Files         FileDiff      `json:"files"` // of files that no package contains
	Relationships Relations     `json:"relationships"`
}

// Change is one field; "" is that it is not stated.
type Change struct {
	Field string `json:"field"`
	From  string `json:"from,omitempty"`
	To    string `json:"to,omitempty"`
}

// Ref names a package of one document.
type Ref struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	PURL    string `json:"purl,omitempty"`
	Files   int    `json:"files"` // how many it has

	Package *Package `json:"-"`
}

// PackageDiff is a package of both documents that is not the same in both.
type PackageDiff struct {
	Name   string   `json:"name"` // in the later document
	From   string   `json:"from,omitempty"`
	To     string   `json:"to,omitempty"` // its versions
	Bumped bool     `json:"bumped"`       // they are not the same one
	Fields []Change `json:"fields"`       // others than the version
	Files  FileDiff `json:"files"`

	Before *Package `json:"-"`
	After  *Package `json:"-"`
}

// FileDiff is which files differ, by their paths.
type FileDiff struct {
	Added   []string     `json:"added"`
	Removed []string     `json:"removed"`
	Changed []FileChange `json:"changed"`
}

// FileChange is a file of which something else is said: its SHA-256 or, where that is not stated or the same, all that is said.
type FileChange struct {
	Path string `json:"path"`
	From string `json:"from"`
	To   string `json:"to"`
}

// Len is how many files differ.
func (f FileDiff) Len() int { return len(f.Added) + len(f.Removed) + len(f.Changed) }

// Relations are the relationships that only one document states.
type Relations struct {
	Added   []Relation `json:"added"`
	Removed []Relation `json:"removed"`
}

// Relation is a relationship, with elements by their names.
type Relation struct {
	From string `json:"from"`
	Kind string `json:"kind"`
	To   string `json:"to"`

	implied bool // one of the two is a package that was added or removed itself
}

// Same reports whether the documents say the same.
func (d *Diff) Same() bool { return d.How != Different }

// Compare returns how b, the later document, differs from a.
func Compare(a, b *Document) *Diff {
	pairs, removed, added := match(a.Packages, b.Packages)
	d := &Diff{
		Document: changes(a.Fields, b.Fields), Added: refs(added), Removed: refs(removed), Changed: []PackageDiff{},
		Files: compareFiles(a.Files, b.Files),
	}
	for _, p := range pairs {
		if pd, differ := comparePackages(p); differ {
			d.Changed = append(d.Changed, pd)
		}
	}
	slices.SortStableFunc(d.Changed, func(a, b PackageDiff) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), compareVersions(a.To, b.To), compareVersions(a.From, b.From))
	})
	d.Relationships = compareRelationships(a, b, pairs)
	d.How = how(a, b, d)
	return d
}

func how(a, b *Document, d *Diff) How {
	switch {
	case bytes.Equal(a.raw, b.raw):
		return Identical
	case len(d.Document)+len(d.Added)+len(d.Removed)+len(d.Changed)+d.Files.Len()+len(d.Relationships.Added)+len(d.Relationships.Removed) > 0:
		return Different
	}
	var compactA, compactB bytes.Buffer
	if json.Compact(&compactA, a.raw) == nil && json.Compact(&compactB, b.raw) == nil && bytes.Equal(compactA.Bytes(), compactB.Bytes()) {
		return Formatting
	}
	return Order
}

func refs(packages []*Package) []Ref {
	out := make([]Ref, len(packages))
	for i, p := range packages {
		out[i] = Ref{Name: p.Name, Version: p.Version, Files: len(p.Files), Package: p}
		if len(p.PURLs) > 0 {
			out[i].PURL = p.PURLs[0]
		}
	}
	slices.SortStableFunc(out, func(a, b Ref) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), compareVersions(a.Version, b.Version), cmp.Compare(a.PURL, b.PURL))
	})
	return out
}

func comparePackages(p pair) (d PackageDiff, differ bool) {
	d = PackageDiff{Name: p.to.Name, From: p.from.Version, To: p.to.Version, Bumped: p.from.Version != p.to.Version,
		Fields: changes(p.from.Fields, p.to.Fields), Files: compareFiles(p.from.Files, p.to.Files), Before: p.from, After: p.to}
	if p.from.Name != p.to.Name {
		d.Fields = append([]Change{{"name", p.from.Name, p.to.Name}}, d.Fields...)
	}
	return d, d.Bumped || len(d.Fields) > 0 || d.Files.Len() > 0
}

func changes(a, b map[string]string) []Change {
	out := []Change{}
	for _, field := range union(a, b) {
		if a[field] != b[field] {
			out = append(out, Change{field, a[field], b[field]})
		}
	}
	return out
}

func compareFiles(a, b map[string]string) FileDiff {
	d := FileDiff{Added: []string{}, Removed: []string{}, Changed: []FileChange{}}
	for _, path := range union(a, b) {
		from, inA := a[path]
		to, inB := b[path]
		switch {
		case !inA:
			d.Added = append(d.Added, path)
		case !inB:
			d.Removed = append(d.Removed, path)
		case from != to:
			c := FileChange{path, sha256Of(from), sha256Of(to)}
			if c.From == c.To {
				c.From, c.To = from, to
			}
			d.Changed = append(d.Changed, c)
		}
	}
	return d
}

// sha256Of picks the checksum out of what is said of a file.
func sha256Of(text string) string {
	for line := range strings.Lines(text) {
		if sum, ok := strings.CutPrefix(line, "checksums.SHA256="); ok {
			return strings.TrimSuffix(sum, "\n")
		}
	}
	return ""
}

func union[V any](a, b map[string]V) []string {
	keys := slices.AppendSeq(slices.Collect(maps.Keys(a)), maps.Keys(b))
	slices.Sort(keys)
	return slices.Compact(keys)
}

// element is what an identifier stands for, comparable between the documents.
type element struct {
	key     string
	name    string
	missing bool // the other document has no such package
}

func compareRelationships(a, b *Document, pairs []pair) Relations {
	keys := map[*Package]string{}
	for i, p := range pairs {
		key := "package " + strconv.Itoa(i)
		keys[p.from], keys[p.to] = key, key
	}
	inA, inB := relationsOf(a, keys, "former"), relationsOf(b, keys, "latter")
	only := func(these, those map[[3]string]Relation) []Relation {
		out := []Relation{}
		for k, r := range these {
			if _, ok := those[k]; !ok {
				out = append(out, r)
			}
		}
		slices.SortFunc(out, func(a, b Relation) int {
			return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.To, b.To))
		})
		return out
	}
	return Relations{Added: only(inB, inA), Removed: only(inA, inB)}
}

// relationsOf returns the relationships of a document by their elements, as both documents know them. keys has the packages that
// are in both; the others are those of side alone.
func relationsOf(d *Document, keys map[*Package]string, side string) map[[3]string]Relation {
	elements := map[string]element{documentID: {key: documentID, name: "the document"}}
	count := map[string]int{}
	for _, p := range d.Packages {
		count[p.Name]++
	}
	for _, p := range d.Packages {
		e := element{key: keys[p], name: p.Name}
		if count[p.Name] > 1 {
			e.name += " " + p.Version
		}
		if e.key == "" {
			e.missing = true
			e.key = side + " " + p.ID
		}
		if _, taken := elements[p.ID]; !taken {
			elements[p.ID] = e
		}
	}
	for id, path := range d.paths {
		if _, taken := elements[id]; !taken {
			elements[id] = element{key: "file " + path, name: path}
		}
	}
	of := func(id string) element {
		if e, ok := elements[id]; ok {
			return e
		}
		return element{key: "id " + id, name: id}
	}
	out := map[[3]string]Relation{}
	for _, r := range d.relationships {
		from, to := of(r.from), of(r.to)
		out[[3]string{from.key, r.kind, to.key}] = Relation{from.name, r.kind, to.name, from.missing || to.missing}
	}
	return out
}
