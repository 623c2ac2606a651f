package cpython

import (
	"regexp"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/rules/ident"
)

// installerPath is the script that builds the macOS installer, and what it bundles.
const installerPath = "Mac/BuildScript/build-installer.py"

// maxRecipes bounds what is read of it; 3.13 has eight.
const maxRecipes = 200

// recipe is a library that the macOS installer builds: dict(name="TITLE VERSION", url=..., checksum=...).
type recipe struct {
	name     string // of the archive, without the version: mpdecimal; else the title in lower case
	title    string // libmpdec
	version  string
	url      string
	sha256   string
	md5      string
	pos      diag.Pos
	evidence []string // patterns over the script, the most telling first
}

// assigned is a string that a statement `NAME = "..."` gives to a variable.
type assigned struct {
	value token
	at    int // index of the name among the tokens
}

// readInstaller returns the recipes of build-installer.py, and what it says of those that it cannot read. Of a variable
// that is assigned several times, in branches, the last one counts: those before are for old systems.
func readInstaller(src []byte) ([]recipe, []*diag.Error, error) {
	s, err := readScript(installerPath, src)
	if err != nil {
		return nil, nil, err
	}
	var out []recipe
	var odd []*diag.Error
	vars := map[string]assigned{}
	recipes := 0
	for i, t := range s.tokens {
		if t.kind == tokenName && i+3 < len(s.tokens) && s.tokens[i+1].is("=") && s.tokens[i+2].kind == tokenString && s.tokens[i+3].kind == tokenNewline {
			vars[t.text] = assigned{s.tokens[i+2], i}
		}
		if t.kind != tokenName || t.text != "dict" || !s.tokens[i+1].is("(") {
			continue
		}
		args := s.arguments(i + 2)
		name, url, sum := args["name"], args["url"], args["checksum"]
		if name == nil || url == nil || sum == nil {
			continue
		}
		if recipes++; recipes > maxRecipes {
			return nil, nil, s.fail(t.at, "the script has more than %d recipes", maxRecipes)
		}
		if s.python2(t.at) {
			continue
		}
		r, ok := s.recipe(t, vars, name, url, sum)
		if !ok {
			odd = append(odd, &diag.Error{Pos: r.pos, Msg: "a recipe that is no literal, nor made of variables and literals, so it is not imported"})
			continue
		}
		out = append(out, r)
	}
	return out, odd, nil
}

// arguments returns the tokens of each named argument of the call whose first argument is at index i.
func (s *script) arguments(i int) map[string][]token {
	out := map[string][]token{}
	for depth := 0; ; {
		from := i
		for ; !(depth == 0 && (s.tokens[i].is(",") || s.tokens[i].is(")"))); i++ {
			switch t := s.tokens[i]; {
			case t.kind == tokenEnd:
				return nil
			case t.is("("), t.is("["), t.is("{"):
				depth++
			case t.is(")"), t.is("]"), t.is("}"):
				depth--
			}
		}
		if i-from > 2 && s.tokens[from].kind == tokenName && s.tokens[from+1].is("=") {
			out[s.tokens[from].text] = s.tokens[from+2 : i]
		}
		if s.tokens[i].is(")") {
			return out
		}
		i++
	}
}

// header is a line that opens a block.
var header = regexp.MustCompile(`^([ \t]*)(if|elif|else|def|class|for|while|with|try)\b([^#]*):[ \t\r]*(?:#.*)?$`)

// python2 reports whether the code at an offset is in a block that no Python 3 enters: `if not PYTHON_3:`.
func (s *script) python2(at int) bool {
	lines := strings.Split(string(s.src[:at]), "\n")
	indent := len(lines[len(lines)-1])
	for n := len(lines) - 2; n >= 0 && indent > 0; n-- {
		m := header.FindStringSubmatch(lines[n])
		if m == nil || len(m[1]) >= indent {
			continue
		}
		indent = len(m[1])
		if m[2] == "if" && strings.TrimSpace(m[3]) == "not PYTHON_3" {
			return true
		}
	}
	return false
}

// recipe works one out. t is its first token; ok is false where an argument is more than the few forms that text knows.
func (s *script) recipe(t token, vars map[string]assigned, name, url, sum []token) (r recipe, ok bool) {
	r.pos = s.pos(name[0].at)
	text, ok1 := s.text(name, vars)
	link, ok2 := s.text(url, vars)
	hash, ok3 := s.text(sum, vars)
	title, version, ok4 := strings.Cut(text, " ")
	if i := strings.LastIndexByte(text, ' '); i > 0 {
		title, version = text[:i], text[i+1:]
	}
	if !ok1 || !ok2 || !ok3 || !ok4 || title == "" || version == "" || !isDigit(version[0]) || ident.URL(link) != nil {
		return r, false
	}
	r.title, r.version, r.url = title, version, link
	switch {
	case ident.Checksum("SHA256", hash) == nil:
		r.sha256 = hash
	case ident.Checksum("MD5", hash) == nil:
		r.md5 = hash
	default:
		return r, false
	}
	r.name = recipeName(r)
	if name[0].kind == tokenString && len(name) == 1 {
		quoted := regexp.QuoteMeta(title)
		if r.sha256 != "" {
			r.evidence = append(r.evidence, recipePattern(quoted))
		}
		r.evidence = append(r.evidence, `name="`+quoted+` (?P<version>[^"]+)"`, `name='`+quoted+` (?P<version>[^']+)'`)
		return r, true
	}
	// Made of variables: from where the version is assigned to where the checksum is.
	v, known := s.variable(name, vars, version)
	if !known {
		return r, true
	}
	if c, known := vars[sum[0].text]; known && len(sum) == 1 && r.sha256 != "" && c.at > v.at {
		if p, ok := s.between(v.at, c.at+3, v.value, c.value); ok {
			r.evidence = append(r.evidence, p)
		}
	}
	if p, ok := s.between(v.at, v.at+3, v.value, token{}); ok {
		r.evidence = append(r.evidence, p)
	}
	return r, true
}

// recipePattern is the pattern of a recipe whose name, url and checksum are literals in this order. The macro recipe of sbom.star
// makes the same.
func recipePattern(title string) string {
	return `name="` + title + ` (?P<version>[^"]+)",\s+url="[^"]+",\s+checksum=['"](?P<sha256>[0-9a-f]{64})['"]`
}

// recipeName is how the library's own archive is called, where its name has the version in it: mpdecimal-4.0.0.tar.gz.
func recipeName(r recipe) string {
	file := r.url[strings.LastIndexByte(r.url, '/')+1:]
	if i := strings.Index(file, r.version); i > 0 {
		if stem := strings.Trim(file[:i], "-_.v"); stem != "" {
			return strings.ToLower(stem)
		}
	}
	return strings.ToLower(strings.ReplaceAll(r.title, " ", "-"))
}

// variable is the variable among the tokens that has the value.
func (s *script) variable(tokens []token, vars map[string]assigned, value string) (assigned, bool) {
	for _, t := range tokens {
		if v, ok := vars[t.text]; ok && t.kind == tokenName && v.value.text == value {
			return v, true
		}
	}
	return assigned{}, false
}

// text evaluates what recipes use: strings, variables, STRING % NAME, STRING % (NAME, ...), X.format(NAME=X, ...).
func (s *script) text(tokens []token, vars map[string]assigned) (string, bool) {
	value := func(t token) (string, bool) {
		if t.kind == tokenString {
			return t.text, true
		}
		v, ok := vars[t.text]
		return v.value.text, ok && t.kind == tokenName
	}
	text, ok := value(tokens[0])
	rest := tokens[1:]
	for tokens[0].kind == tokenString && len(rest) > 0 && rest[0].kind == tokenString {
		text, rest = text+rest[0].text, rest[1:]
	}
	switch {
	case !ok:
		return "", false
	case len(rest) == 0:
		return text, true
	case rest[0].is("%"):
		for _, t := range rest[1:] {
			if t.is("(") || t.is(")") || t.is(",") {
				continue
			}
			v, ok := value(t)
			if !ok || !strings.Contains(text, "%s") {
				return "", false
			}
			text = strings.Replace(text, "%s", v, 1)
		}
		return text, !strings.Contains(text, "%")
	case len(rest) > 3 && rest[0].is(".") && rest[1].text == "format" && rest[2].is("("):
		for args := rest[3:]; len(args) > 3 && args[0].kind == tokenName && args[1].is("="); args = args[min(4, len(args)):] {
			v, ok := value(args[2])
			if !ok || !args[3].is(",") && !args[3].is(")") {
				return "", false
			}
			text = strings.ReplaceAll(text, "{"+args[0].text+"}", v)
		}
		return text, !strings.ContainsAny(text, "{}")
	}
	return "", false
}

// between is a pattern of the tokens from index from to index to, in which the version and the checksum are groups, and any
// other string is one of its kind.
func (s *script) between(from, to int, version, sum token) (string, bool) {
	var b strings.Builder
	last := s.tokens[from].at
	for _, t := range s.tokens[from:to] {
		if len(strings.TrimSpace(string(s.src[last:t.at]))) > 0 {
			return "", false // a comment
		}
		if t.kind == tokenNewline {
			continue
		}
		if last < t.at {
			b.WriteString(`\s+`)
		}
		last = t.end
		if t.kind != tokenString {
			b.WriteString(regexp.QuoteMeta(t.text))
			continue
		}
		quote := s.src[t.at : t.at+1]
		if t.end-t.at != len(t.text)+2 || strings.ContainsAny(t.text, `'"`) {
			return "", false // a prefix, an escape
		}
		b.Write(quote)
		switch {
		case t.at == version.at:
			b.WriteString(`(?P<version>[^` + string(quote) + `]+)`)
		case t.at == sum.at && sum.kind == tokenString:
			b.WriteString(`(?P<sha256>[0-9a-f]{64})`)
		case ident.Checksum("SHA256", t.text) == nil:
			b.WriteString(`[0-9a-f]{64}`)
		default:
			b.WriteString(`[^` + string(quote) + `]*`)
		}
		b.Write(quote)
	}
	return b.String(), true
}
