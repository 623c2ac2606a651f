package textsearch

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// template is a text with {name}s in it; "{{" and "}}" are braces.
type template []part

// part is text, or what a name stands for.
type part struct{ text, name string }

// parseTemplate reads a template; names are those that may occur in it.
func parseTemplate(what, s string, names []string) (template, error) {
	bad := func(format string, args ...any) error {
		return &diag.Error{Msg: what + " " + clip(s) + " " + fmt.Sprintf(format, args...)}
	}
	if len(s) > MaxTemplateBytes {
		return nil, bad("has %d bytes, expected at most %d", len(s), MaxTemplateBytes)
	}
	var t template
	for s := s; s != ""; {
		i := strings.IndexAny(s, "{}")
		if i < 0 {
			return append(t, part{text: s}), nil
		}
		t = append(t, part{text: s[:i]})
		brace := s[i : i+1]
		if s = s[i+1:]; strings.HasPrefix(s, brace) {
			t, s = append(t, part{text: brace}), s[1:]
			continue
		}
		name, rest, ok := strings.Cut(s, "}")
		switch {
		case brace == "}" || !ok:
			return nil, bad("has a single %q; %q is one in the text", brace, brace+brace)
		case !slices.Contains(names, name):
			return nil, bad("has {%s}, expected %s%s", oneLine(name), braced(names), diag.DidYouMean(name, names))
		}
		t, s = append(t, part{name: name}), rest
	}
	return t, nil
}

func braced(names []string) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = "{" + n + "}"
	}
	return strings.Join(out, ", ")
}

// expand is the text of the template.
func (t template) expand(value func(name string) string) string {
	var b strings.Builder
	for _, p := range t {
		b.WriteString(p.text)
		if p.name != "" {
			b.WriteString(value(p.name))
		}
	}
	return b.String()
}

// groups are the names of a pattern's groups.
func groups(re *regexp.Regexp) []string {
	return slices.DeleteFunc(slices.Clone(re.SubexpNames()), func(name string) bool { return name == "" })
}

// oneLine is text of a file for a message: of one line, as text, and not too long.
func oneLine(s string) string {
	cut := ""
	if len(s) > maxQuoted {
		s, cut = s[:maxQuoted], "..."
	}
	q := fmt.Sprintf("%q", s)
	return strings.ReplaceAll(q[1:len(q)-1], `\"`, `"`) + cut
}

// clip quotes what a rule gives for a message.
func clip(s string) string {
	if len(s) > maxQuoted {
		return fmt.Sprintf("%q...", s[:maxQuoted])
	}
	return fmt.Sprintf("%q", s)
}
