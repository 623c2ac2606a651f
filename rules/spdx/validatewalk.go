package spdx

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/rules/ident"
)

// space moves to the next byte that is not white space.
func (v *validator) space() {
	for v.at < len(v.doc) {
		switch v.doc[v.at] {
		case ' ', '\t', '\r', '\n':
			v.at++
		default:
			return
		}
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
		if value == ident.None || value == ident.NoAssertion {
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
			at := v.at
			value := v.value(field)
			if s.note != nil {
				if field.kind != jsonText {
					value = string(v.doc[at:v.at])
				}
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
