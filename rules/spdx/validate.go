package spdx

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// Problem is something that is wrong with a document.
type Problem struct {
	Path    string // what of the document: "packages[3].SPDXID"; "" is the whole
	Offset  int    // where that is, in bytes
	Msg     string
	Minimum bool // the document is valid, but lacks one of NTIA's minimum elements

	lacks, of string // with Minimum: the field that a package lacks, and the package's name
}

// maxProblems bounds how many problems of one document are returned; a last one says that there are more.
const maxProblems = 100

// Validate returns what is wrong with a whole SPDX 2.3 document in JSON, in the order of the document: what its JSON schema forbids, what the
// specification says of single values beyond it (identifiers, dates, checksums, the namespace), an identifier that stands for
// two elements or for none, a LicenseRef without its text, and which of NTIA's minimum elements are missing. A document may come from anywhere.
func Validate(doc []byte) []Problem {
	if len(doc) > MaxDocument {
		return []Problem{{Msg: fmt.Sprintf("it is larger than %d bytes", MaxDocument)}}
	}
	err := diag.CheckText("", doc)
	if err == nil {
		if err = syntaxError(doc); err != nil {
			err = JSONError("", doc, err)
		}
	}
	if err != nil {
		p := Problem{Msg: "cannot be read: " + err.Error()}
		if d, ok := err.(*diag.Error); ok {
			p.Msg, p.Offset = "cannot be read: "+d.Msg, offsetOf(doc, d.Pos)
		}
		return []Problem{p}
	}
	v := &validator{doc: doc, ids: map[string]bool{}, licenses: map[string]bool{}, documents: map[string]bool{}}
	v.value(documentShape())
	v.crossCheck()
	slices.SortStableFunc(v.problems, func(a, b Problem) int { return a.Offset - b.Offset })
	if len(v.problems) > maxProblems {
		v.problems = append(v.problems[:maxProblems], Problem{Offset: len(doc), Msg: "there are more problems than are listed"})
	}
	return v.problems
}

// syntaxError is why doc is no JSON.
func syntaxError(doc []byte) error {
	if json.Valid(doc) {
		return nil
	}
	var v any
	return json.Unmarshal(doc, &v)
}

// offsetOf is the inverse of diag.At.
func offsetOf(doc []byte, pos diag.Pos) int {
	at := 0
	for range pos.Line - 1 {
		at += bytes.IndexByte(doc[at:], '\n') + 1
	}
	return min(at+max(pos.Col-1, 0), len(doc))
}

// validator walks over a document that is known to be JSON, so that it need not look for errors of syntax.
type validator struct {
	doc  []byte
	at   int
	path []step

	problems  []Problem
	ids       map[string]bool // of elements
	documents map[string]bool // DocumentRef-...
	licenses  map[string]bool // LicenseRef-... whose text is there
	named     []mention       // identifiers that must be there
	used      []mention       // LicenseRef-... that must be there
	described bool            // the document says what it describes
}

// step is a field, or an item of a list.
type step struct {
	field string
	index int
}

// mention is a name, and where it is used.
type mention struct {
	name, path string
	offset     int
}

// object is what a note sees: the strings among the fields, of other ones their JSON.
type object struct {
	offset int
	text   map[string]string
}

func (v *validator) where() string {
	var b strings.Builder
	for _, s := range v.path {
		switch {
		case s.field == "":
			b.WriteString("[" + strconv.Itoa(s.index) + "]")
		case b.Len() > 0:
			b.WriteString("." + s.field)
		default:
			b.WriteString(s.field)
		}
	}
	return b.String()
}

func (v *validator) problem(offset int, format string, args ...any) {
	if len(v.problems) <= maxProblems {
		v.problems = append(v.problems, Problem{Path: v.where(), Offset: offset, Msg: fmt.Sprintf(format, args...)})
	}
}

// lacks adds a problem that is that something is missing.
func (v *validator) lacks(p Problem) {
	if len(v.problems) <= maxProblems {
		p.Path, p.Minimum = v.where(), true
		v.problems = append(v.problems, p)
	}
}
