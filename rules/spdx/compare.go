package spdx

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// Difference is one thing that an archive's own base SBOM and the one that was built say
// differently of a package. Own and Built are JSON texts, or "" where there is nothing.
type Difference struct {
	Package string // its name
	Field   string // "versionInfo", ...; "package" when one side lacks it; "files" when their sets differ
	Own     string
	Built   string
	Detail  string // for "files": which ones, as the archive's own has them: "also A; not B; other C"
	Shown   string // the same for a message
}

// CompareBase returns what own (from an archive) and built say differently, by package name and
// field. Both must come from Parse. Order, formatting and SPDX identifiers mean nothing and are not compared.
func CompareBase(own, built *Document) []Difference {
	if bytes.Equal(own.raw, built.raw) {
		return nil
	}
	ownPackages, builtPackages := fieldsOf(own), fieldsOf(built)
	ownFiles, builtFiles := filesOf(own), filesOf(built)
	var out []Difference
	for _, name := range sortedUnion(ownPackages, builtPackages) {
		a, inOwn := ownPackages[name]
		b, inBuilt := builtPackages[name]
		if !inOwn || !inBuilt {
			d := Difference{Package: name, Field: "package"}
			if inOwn {
				d.Own = a["versionInfo"]
			} else {
				d.Built = b["versionInfo"]
			}
			out = append(out, d)
			continue
		}
		for _, field := range sortedUnion(a, b) {
			if a[field] != b[field] {
				out = append(out, Difference{Package: name, Field: field, Own: a[field], Built: b[field]})
			}
		}
		if detail := compareFiles(ownFiles[name], builtFiles[name]); detail != "" {
			out = append(out, Difference{Package: name, Field: "files", Detail: detail, Shown: shownFiles(ownFiles[name], builtFiles[name]),
				Own: fmt.Sprint(len(ownFiles[name])), Built: fmt.Sprint(len(builtFiles[name]))})
		}
	}
	return out
}

// maxFilesNamed bounds how many differing files of a package a message names.
const maxFilesNamed = 3

// compareFiles says which files own has beside those of built, which it does not have, and which with another checksum.
func compareFiles(own, built map[string]*File) string {
	var also, not, other []string
	for _, path := range sortedUnion(own, built) {
		a, b := own[path], built[path]
		switch {
		case b == nil:
			also = append(also, path)
		case a == nil:
			not = append(not, path)
		case a.SHA256 != b.SHA256 || a.SHA1 != b.SHA1:
			other = append(other, fmt.Sprintf("%s (%x)", path, a.SHA256))
		}
	}
	var parts []string
	for _, p := range []struct {
		verb  string
		paths []string
	}{{"also", also}, {"not", not}, {"other", other}} {
		if len(p.paths) > 0 {
			parts = append(parts, p.verb+" "+strings.Join(p.paths, ", "))
		}
	}
	return strings.Join(parts, "; ")
}

// shownFiles is the same for a message: the first few by name.
func shownFiles(own, built map[string]*File) string {
	var parts []string
	for _, path := range sortedUnion(own, built) {
		a, b := own[path], built[path]
		switch {
		case b == nil:
			parts = append(parts, path+" is only in the former")
		case a == nil:
			parts = append(parts, path+" is only in the latter")
		case a.SHA256 != b.SHA256 || a.SHA1 != b.SHA1:
			parts = append(parts, fmt.Sprintf("%s has SHA-256 %x and %x", path, a.SHA256, b.SHA256))
		}
	}
	if len(parts) > maxFilesNamed {
		parts = append(parts[:maxFilesNamed], fmt.Sprintf("and %d more", len(parts)-maxFilesNamed))
	}
	return strings.Join(parts, ", ")
}

// fieldsOf returns the fields of each package of a parsed document but the identifier, as compact
// JSON with sorted keys.
func fieldsOf(doc *Document) map[string]map[string]string {
	var in struct {
		Packages []map[string]any `json:"packages"`
	}
	if json.Unmarshal(doc.raw, &in) != nil {
		return nil // Parse has decoded it before
	}
	out := make(map[string]map[string]string, len(in.Packages))
	for _, fields := range in.Packages {
		name, _ := fields["name"].(string)
		delete(fields, "SPDXID")
		texts := make(map[string]string, len(fields))
		for k, v := range fields {
			text, _ := json.Marshal(v) // a decoded value always encodes
			texts[k] = string(text)
		}
		out[name] = texts
	}
	return out
}

// ownersOf returns the name of the package of each file, by the file's identifier.
func ownersOf(doc *Document) map[string]string {
	names := make(map[string]string, len(doc.Packages))
	for i := range doc.Packages {
		names[doc.Packages[i].ID] = doc.Packages[i].Name
	}
	owner := make(map[string]string, len(doc.Files))
	for _, r := range doc.Relationships {
		if r.Type == contains {
			owner[r.Related] = names[r.Element]
		}
	}
	return owner
}

// filesOf returns the files of each package by path.
func filesOf(doc *Document) map[string]map[string]*File {
	owner := ownersOf(doc)
	out := map[string]map[string]*File{}
	for i := range doc.Files {
		f := &doc.Files[i]
		name := owner[f.ID]
		if out[name] == nil {
			out[name] = map[string]*File{}
		}
		out[name][f.Path] = f
	}
	return out
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func sortedUnion[V any](a, b map[string]V) []string {
	keys := slices.Collect(maps.Keys(a))
	for k := range b {
		if _, ok := a[k]; !ok {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	return keys
}

// err is the error for a difference that nothing declares.
func (d Difference) err(o OwnSBOM) *diag.Error {
	own, base := o.where(), o.Built
	e := &diag.Error{Pos: diag.File(o.Path)}
	switch {
	case d.Field == "package" && d.Own == "":
		e.Msg = fmt.Sprintf("package %q: %s has version %s of it, but it is not in %s", d.Package, base, d.Built, own)
	case d.Field == "package":
		e.Msg = fmt.Sprintf("package %q: %s has version %s of it, but it is not in %s", d.Package, own, d.Own, base)
	case d.Field == "files":
		e.Msg = fmt.Sprintf("package %q: files are %s in %s and %s in %s: %s", d.Package, d.Own, own, d.Built, base, d.Shown)
	default:
		a, b := shown(d.Own), shown(d.Built)
		if a == b { // they differ in what is not shown
			a, b = d.Own, d.Built
		}
		e.Msg = fmt.Sprintf("package %q: %s is %s in %s, but %s in %s", d.Package, d.Field, a, own, b, base)
	}
	return e
}

// says is what the archive's own SBOM has in the field, as an entry of superseded says it.
func (d Difference) says() string {
	switch {
	case d.Field == "files":
		return d.Detail
	case d.Own == "":
		return "absent"
	}
	text := shown(d.Own)
	if text == shown(d.Built) {
		text = d.Own
	}
	var s string
	if json.Unmarshal([]byte(text), &s) == nil {
		return s
	}
	return text
}

// shown returns the JSON text of a field as a message shows it: of a list of references or
// checksums, what they say.
func shown(text string) string {
	var list []struct {
		Locator  string `json:"referenceLocator"`
		Checksum string `json:"checksumValue"`
	}
	if text == "" {
		return "absent"
	}
	if json.Unmarshal([]byte(text), &list) != nil || len(list) == 0 {
		return text
	}
	words := make([]string, len(list))
	for i, item := range list {
		if words[i] = item.Locator + item.Checksum; words[i] == "" {
			return text
		}
	}
	return strings.Join(words, ", ")
}

// record writes a supersession down where a reader of the document looks: in the comment of the
// package, or in the document's when it has no such package.
func (r *release) record(s Supersession, own OwnSBOM) {
	comment := &r.Comment
	for i := range r.Packages {
		if r.Packages[i].Name == s.Package {
			comment = &r.Packages[i].Comment
		}
	}
	if *comment != "" {
		*comment += "\n"
	}
	*comment += s.note(own)
}

// Note is something that the user should know of a document: a sentence, and its detail in further ones.
type Note struct {
	Msg    string
	Detail []string
}

// notice says what was superseded, how the two differ, and why.
func (s Supersession) notice(own OwnSBOM) Note {
	return Note{s.subject(own), []string{own.Path + " " + s.differences(), "declared why: " + s.reason()}}
}

// note is the same in one line, for the document.
func (s Supersession) note(own OwnSBOM) string {
	return fmt.Sprintf("%s (it %s): %s", s.subject(own), s.differences(), s.reason())
}

func (s Supersession) subject(own OwnSBOM) string {
	return fmt.Sprintf("package %q of %s in %s is superseded", s.Package, own.Path, own.Of)
}

func (s Supersession) reason() string { return strings.Join(strings.Fields(s.Reason), " ") }

// differences says how the archive's own package differs from the base's.
func (s Supersession) differences() string {
	says := make([]string, len(s.Differences))
	for i, d := range s.Differences {
		switch {
		case d.Field == "package" && d.Own == "":
			says[i] = "does not list it"
		case d.Field == "package":
			says[i] = "lists version " + d.Own
		case d.Field == "files":
			says[i] = "lists " + d.Own + " files"
		case d.Field == "versionInfo":
			says[i] = "says version " + d.Own
		default:
			says[i] = "differs in " + d.Field
		}
	}
	return strings.Join(says, ", ")
}
