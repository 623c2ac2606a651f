package spdx

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

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

// object is what a note sees: the strings among the fields.
type object struct {
	offset int
	text   map[string]string
}

func (v *validator) where() string {
	var b strings.Builder
	for _, s := range v.path {
		switch {
		case s.field == "":
			fmt.Fprintf(&b, "[%d]", s.index)
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

// space moves to the next byte that is not white space.
func (v *validator) space() {
	for v.at < len(v.doc) && strings.IndexByte(" \t\r\n", v.doc[v.at]) >= 0 {
		v.at++
	}
}

// next is the byte at which a value or the end of a list stands.
func (v *validator) next() byte {
	v.space()
	if v.at == len(v.doc) {
		return 0
	}
	return v.doc[v.at]
}

// kindAt is the type of the value that begins with c.
func (v *validator) kindAt(c byte) kind {
	switch c {
	case '"':
		return jsonText
	case '[':
		return jsonArray
	case '{':
		return jsonRecord
	case 't', 'f':
		return jsonBoolean
	case 'n':
		return "null"
	}
	end := v.at
	for end < len(v.doc) && strings.IndexByte("+-.eE0123456789", v.doc[end]) >= 0 {
		end++
	}
	if f, err := strconv.ParseFloat(string(v.doc[v.at:end]), 64); err == nil && f == float64(int64(f)) {
		return jsonInteger
	}
	return "number"
}

// value checks the value here against s and moves behind it. It returns a string's value.
func (v *validator) value(s *shape) string {
	c := v.next()
	if got := v.kindAt(c); got != s.kind {
		v.problem(v.at, "is a JSON %s, expected %s", got, article(s.kind))
		v.skip()
		return ""
	}
	switch s.kind {
	case jsonText:
		return v.text(s)
	case jsonArray:
		v.array(s)
	case jsonRecord:
		v.object(s)
	default:
		v.skip()
	}
	return ""
}

func article(k kind) string {
	if strings.IndexByte("aeiou", k[0]) >= 0 {
		return "an " + string(k)
	}
	return "a " + string(k)
}

func (v *validator) text(s *shape) string {
	start := v.at
	value := v.string()
	switch {
	case s.words != nil && !slices.Contains(s.words, value):
		v.problem(start, "is %.80q, which is not among the words of SPDX%s", value, diag.DidYouMean(clip(value), s.words))
	case s.check != nil:
		if wrong := s.check(value); wrong != "" {
			v.problem(start, "%s", wrong)
		}
	}
	switch s.role {
	case definesID:
		if v.ids[value] {
			v.problem(start, "is %.80q, which another element has too", value)
		}
		v.ids[value] = true
	case definesRef:
		v.documents[value] = true
	case definesLicense:
		v.licenses[value] = true
	case namesMaybe:
		if value == "NONE" || value == "NOASSERTION" {
			break
		}
		v.named = append(v.named, mention{value, v.where(), start})
	case namesID:
		v.named = append(v.named, mention{value, v.where(), start})
	case usesLicense:
		for _, name := range licenseRefs(value) {
			v.used = append(v.used, mention{name, v.where(), start})
		}
	}
	return value
}

func (v *validator) array(s *shape) {
	start, n := v.at, 0
	v.at++
	for v.next() != ']' {
		if v.doc[v.at] == ',' {
			v.at++
			continue
		}
		v.path = append(v.path, step{index: n})
		v.value(s.items)
		v.path = v.path[:len(v.path)-1]
		n++
	}
	v.at++
	if n < s.min {
		v.problem(start, "has %d items, expected at least %d", n, s.min)
	}
	if s.role == describesSomething && n > 0 {
		v.described = true
	}
}

func (v *validator) object(s *shape) {
	o := object{offset: v.at}
	if s.note != nil {
		o.text = map[string]string{}
	}
	if s.fields == nil {
		v.skip()
		return
	}
	var seen []string // of the fields that are known, which are few
	v.at++
	for v.next() != '}' {
		if v.doc[v.at] == ',' {
			v.at++
			continue
		}
		start := v.at
		name := v.string()
		v.space()
		v.at++ // the colon
		v.space()
		field := s.fields[name]
		v.path = append(v.path, step{field: clip(name)})
		switch {
		case slices.Contains(seen, name):
			v.problem(start, "is there twice")
			v.skip()
		case field == nil:
			known := make([]string, 0, len(s.fields))
			for k := range s.fields {
				known = append(known, k)
			}
			v.problem(start, "is no field of SPDX%s", diag.DidYouMean(clip(name), known))
			v.skip()
		default:
			value := v.value(field)
			if s.note != nil && field.kind == jsonText {
				o.text[name] = value
			}
		}
		v.path = v.path[:len(v.path)-1]
		if field != nil {
			seen = append(seen, name)
		}
	}
	v.at++
	for _, name := range s.required {
		if !slices.Contains(seen, name) {
			v.problem(o.offset, "has no %s", name)
		}
	}
	if s.note != nil {
		s.note(v, o)
	}
}

// string reads the string here and moves behind it.
func (v *validator) string() string {
	start := v.at
	escaped := false
	for v.at++; v.doc[v.at] != '"'; v.at++ {
		if v.doc[v.at] == '\\' {
			escaped = true
			v.at++
		}
	}
	v.at++
	if !escaped {
		return string(v.doc[start+1 : v.at-1])
	}
	var s string
	if json.Unmarshal(v.doc[start:v.at], &s) != nil {
		return ""
	}
	return s
}

// skip moves behind the value here, whatever it is.
func (v *validator) skip() {
	depth := 0
	for v.space(); v.at < len(v.doc); {
		switch v.doc[v.at] {
		case '"':
			v.string()
		case '[', '{':
			depth++
			v.at++
		case ']', '}':
			if depth == 0 {
				return
			}
			depth--
			v.at++
		case ',':
			if depth == 0 {
				return
			}
			v.at++
		default:
			v.at++
			if depth == 0 {
				for v.at < len(v.doc) && strings.IndexByte(",]} \t\r\n", v.doc[v.at]) < 0 {
					v.at++
				}
			}
		}
		if depth == 0 {
			return
		}
	}
}

// crossCheck looks for what is named and not there.
func (v *validator) crossCheck() {
	fail := func(r mention, format string) {
		if len(v.problems) <= maxProblems {
			v.problems = append(v.problems, Problem{Path: r.path, Offset: r.offset, Msg: fmt.Sprintf(format, r.name)})
		}
	}
	for _, r := range v.named {
		document, _, external := strings.Cut(r.name, ":")
		switch {
		case v.ids[r.name]:
		case external && strings.HasPrefix(document, "DocumentRef-"):
			if !v.documents[document] {
				fail(r, "is %.80q, and externalDocumentRefs has no such document")
			}
		default:
			fail(r, "is %.80q, which no element of the document has")
		}
	}
	for _, r := range v.used {
		if !v.licenses[r.name] {
			fail(r, "names %.80q, which hasExtractedLicensingInfos does not have")
		}
	}
	if !v.described {
		v.lacks(Problem{Msg: "nothing says what the document describes (a relationship DESCRIBES)"})
	}
}

// licenseRefs are the licences of the document itself that an expression names.
func licenseRefs(expression string) []string {
	if !strings.Contains(expression, "LicenseRef-") {
		return nil
	}
	var out []string
	for _, word := range strings.FieldsFunc(expression, func(r rune) bool { return strings.ContainsRune(" ()\t\r\n", r) }) {
		if strings.HasPrefix(word, "LicenseRef-") {
			out = append(out, word)
		}
	}
	return out
}

// noteChecksum holds the length of a checksum against its algorithm.
func noteChecksum(v *validator, o object) {
	bits, known := map[string]int{"SHA1": 160, "SHA224": 224, "SHA256": 256, "SHA384": 384, "SHA512": 512, "SHA3-256": 256, "SHA3-384": 384, "SHA3-512": 512,
		"BLAKE2b-256": 256, "BLAKE2b-384": 384, "BLAKE2b-512": 512, "MD2": 128, "MD4": 128, "MD5": 128, "ADLER32": 32}[o.text["algorithm"]]
	value, has := o.text["checksumValue"]
	if known && has && len(value) != bits/4 {
		v.problem(o.offset, "has %d digits, and a checksum of %s has %d", len(value), o.text["algorithm"], bits/4)
	}
}

// notePackage looks for what NTIA wants of a component.
func notePackage(v *validator, o object) {
	for _, field := range []string{"supplier", "versionInfo"} {
		if o.text[field] == "" {
			v.lacks(Problem{Offset: o.offset, Msg: fmt.Sprintf("package %.80q has no %s", o.text["name"], field), lacks: field, of: o.text["name"]})
		}
	}
}

func noteRelationship(v *validator, o object) {
	switch o.text["relationshipType"] {
	case describes:
		v.described = v.described || o.text["spdxElementId"] == documentID
	case "DESCRIBED_BY":
		v.described = v.described || o.text["relatedSpdxElement"] == documentID
	}
}

func notEmpty(s string) string {
	if s == "" {
		return "is empty"
	}
	return ""
}

func only(s, want string) string {
	if s != want {
		return fmt.Sprintf("is %.80q, expected %q", s, want)
	}
	return ""
}

func checkIDText(s string) string {
	if !isID(s) {
		return fmt.Sprintf(`is %.80q, expected "SPDXRef-" and letters, digits, "." and "-"`, s)
	}
	return ""
}

func checkDocumentRef(s string) string {
	rest, ok := strings.CutPrefix(s, "DocumentRef-")
	if !ok || rest == "" || strings.ContainsFunc(rest, func(r rune) bool { return r > 0x7f || r != '+' && !isIDByte(byte(r)) }) {
		return fmt.Sprintf(`is %.80q, expected "DocumentRef-" and letters, digits, ".", "+" and "-"`, s)
	}
	return ""
}

func checkDate(s string) string {
	if _, err := time.Parse("2006-01-02T15:04:05Z", s); err != nil {
		return fmt.Sprintf("is %.80q, expected a time in UTC, such as 2025-06-11T00:00:00Z", s)
	}
	return ""
}

func checkHex(s string) string {
	if s == "" || strings.Trim(s, "0123456789abcdefABCDEF") != "" {
		return fmt.Sprintf("is %.80q, expected hexadecimal digits", s)
	}
	return ""
}

func checkSHA1(s string) string {
	if checkHex(s) != "" || len(s) != 40 {
		return fmt.Sprintf("is %.80q, expected 40 hexadecimal digits", s)
	}
	return ""
}

// checkNamespace: an absolute URI without a fragment, because "#" leads from it to the elements.
func checkNamespace(s string) string {
	u, err := url.Parse(s)
	switch {
	case strings.Contains(s, "#"):
		return fmt.Sprintf(`is %.80q, and may not have a "#"`, s)
	case err != nil || !u.IsAbs():
		return fmt.Sprintf("is %.80q, expected an absolute URI", s)
	}
	return ""
}

func checkCreator(s string) string {
	for _, kind := range []string{"Person: ", "Organization: ", "Tool: "} {
		if rest, ok := strings.CutPrefix(s, kind); ok && strings.TrimSpace(rest) != "" {
			return ""
		}
	}
	return fmt.Sprintf(`is %.80q, expected "Person: NAME", "Organization: NAME" or "Tool: NAME"`, s)
}

func checkAgent(s string) string {
	if s == "NOASSERTION" || !strings.HasPrefix(s, "Tool: ") && checkCreator(s) == "" {
		return ""
	}
	return fmt.Sprintf(`is %.80q, expected "Person: NAME", "Organization: NAME" or NOASSERTION`, s)
}
