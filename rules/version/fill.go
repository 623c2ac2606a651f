package version

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// placeholder is how a form of a value is written in a text.
func placeholder(name, key string) string {
	if key == "" {
		return "{" + name + "}"
	}
	return "{" + name + ":" + key + "}"
}

// Fill returns text with values in the place of placeholders: {NAME}, or {NAME:FORM} for one of the forms of the table. A brace that is
// no part of a placeholder is an error, as is a name or form that is not known. quote, if it is not nil, makes of each value what stands there.
func Fill(text string, values map[string]string, quote func(string) string) (string, error) {
	var b strings.Builder
	rest := text
	for {
		i := strings.IndexAny(rest, "{}")
		if i < 0 {
			b.WriteString(rest)
			return b.String(), nil
		}
		end := strings.IndexByte(rest[i:], '}')
		if rest[i] == '}' || end < 0 || strings.Contains(rest[i+1:i+end], "{") {
			return "", &diag.Error{Msg: fmt.Sprintf("%s has a %q that belongs to no placeholder", clip(text), rest[i:i+1]), Hints: []string{"a brace that is meant is percent-encoded: %7B, %7D"}}
		}
		value, err := fill(rest[i+1:i+end], values)
		if err != nil {
			return "", err
		}
		if quote != nil {
			value = quote(value)
		}
		b.WriteString(rest[:i])
		b.WriteString(value)
		rest = rest[i+end+1:]
	}
}

// fill returns what stands for a placeholder: the text between its braces.
func fill(inside string, values map[string]string) (string, error) {
	name, key, formed := strings.Cut(inside, ":")
	value, ok := values[name]
	if !ok {
		names := slices.Sorted(maps.Keys(values))
		return "", &diag.Error{Msg: fmt.Sprintf("%s is not a placeholder%s", clip("{"+inside+"}"), meant(name, key, names)), Hints: []string{"there " + listed(names)}}
	}
	if !formed {
		return value, nil
	}
	var keys []string
	for _, f := range forms {
		if f.key == "" || f.key == noKey {
			continue
		}
		keys = append(keys, f.key)
		if f.key != key {
			continue
		}
		if value == "" {
			return "", nil // a group of a name that took no part
		}
		if out := f.write(value); out != "" {
			return out, nil
		}
		return "", &diag.Error{Msg: fmt.Sprintf("%s: %s has no such form (%s)", placeholder(name, key), clip(value), f.name)}
	}
	return "", &diag.Error{Msg: fmt.Sprintf("%s has no form %q; there are %s%s", clip("{"+inside+"}"), clipBytes(key), strings.Join(keys, ", "), diag.DidYouMean(key, keys))}
}

// listed is the placeholders of a message.
func listed(names []string) string {
	all := make([]string, len(names))
	for i, n := range names {
		all[i] = "{" + n + "}"
	}
	switch n := len(all); n {
	case 0:
		return "is none here"
	case 1:
		return "is " + all[0]
	default:
		return "are " + strings.Join(all[:n-1], ", ") + " and " + all[n-1]
	}
}

// meant is the placeholder that a name is nearest to.
func meant(name, key string, names []string) string {
	near := diag.Nearest(name, names)
	if near == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %s?", clipBytes(placeholder(near, key)))
}

// maxShown bounds what a message shows of a text, in bytes.
const maxShown = 120

func clipBytes(s string) string {
	if len(s) > maxShown {
		return s[:maxShown] + "..."
	}
	return s
}

// clip quotes a text for a message of one line, but for a placeholder that needs no quotes.
func clip(s string) string {
	q := fmt.Sprintf("%q", clipBytes(s))
	if strings.HasPrefix(s, "{") && q == `"`+s+`"` {
		return s
	}
	return q
}
