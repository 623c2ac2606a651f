package evidence

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// template is how a fact is put together from the groups of a match: {GROUP}, {GROUP:PICTURE} for a packed number, and the text between
// them. One without groups is what each match states.
type template []piece

// piece is a text and the group behind it.
type piece struct {
	text    string
	group   string // "" when none follows
	index   int    // of the group
	picture string // "" when the group is taken as it is
}

// parseTemplate reads a template; index returns the number of a group, or -1.
func parseTemplate(text string, index func(string) int, groups []string) (template, error) {
	var t template
	rest := text
	for {
		i := strings.IndexAny(rest, "{}")
		if i < 0 {
			return append(t, piece{text: rest}), nil
		}
		end := strings.IndexByte(rest[i:], '}')
		if rest[i] == '}' || end < 0 || strings.Contains(rest[i+1:i+end], "{") {
			return nil, &diag.Error{Msg: fmt.Sprintf("%s has a %q that belongs to no group", clip(text), rest[i:i+1])}
		}
		p := piece{text: rest[:i]}
		p.group, p.picture, _ = strings.Cut(rest[i+1:i+end], ":")
		if p.index = index(p.group); p.index < 0 {
			return nil, &diag.Error{Msg: fmt.Sprintf("%s names the group %s, which the pattern does not have%s", clip(text), clip(p.group), diag.DidYouMean(p.group, groups))}
		}
		if strings.Contains(rest[i:i+end], ":") {
			if err := checkPicture(p.picture); err != nil {
				return nil, err
			}
		}
		t = append(t, p)
		rest = rest[i+end+1:]
	}
}

// groups are the names that a template uses.
func (t template) groups() []string {
	var out []string
	for _, p := range t {
		if p.group != "" {
			out = append(out, p.group)
		}
	}
	return out
}

// fill returns what a match states, and where that begins. From the first group that took no part on, the rest of the template is left
// out: "{a}.{b}.{c}" is 2.7 where c is not there. Where that is the first one, nothing is stated.
func (t template) fill(content []byte, m []int) (value string, at int, ok bool, err error) {
	var b strings.Builder
	at = -1
	for _, p := range t {
		if p.group != "" && m[2*p.index] < 0 {
			return b.String(), at, at >= 0, nil
		}
		b.WriteString(p.text)
		if p.group == "" {
			continue
		}
		found := string(content[m[2*p.index]:m[2*p.index+1]])
		if at < 0 {
			at = m[2*p.index]
		}
		if p.picture != "" {
			if found, err = unpack(found, p.picture); err != nil {
				return "", m[2*p.index], false, err
			}
		}
		b.WriteString(found)
	}
	if at < 0 {
		at = m[0]
	}
	return b.String(), at, true, nil
}

// A picture says how a version was packed into one number: a 9 stands for a decimal digit, an f for a hexadecimal one, a 0 for a digit
// that is no part of the version; other characters stand between its parts. Digits are taken from the right, and the first
// part takes those that are left.
//
//	number      picture        version
//	212         9.9.9          2.1.2
//	1000        9.9.9          10.0.0
//	3049001     9.999.999      3.49.1    3*1000000 + 49*1000 + 1
//	10506       9.99.99        1.5.6     1*100*100 + 5*100 + 6
//	50020052    9.999.9990     5.2.5     the last digit says how stable it is
//	0x02030100  f.ff.ff.00     2.3.1
//	131841      f.ff.ff        2.3.1     (2<<16) + (3<<8) + 1
var picture = regexp.MustCompile(`^(?:9[90]*(?:[._-][90]+)*|f[f0]*(?:[._-][f0]+)*)$`)

func checkPicture(p string) error {
	if len(p) > 64 || !picture.MatchString(p) {
		return &diag.Error{Msg: fmt.Sprintf("%s is no picture of a packed number, such as 9.999.999 or f.ff.ff.00", clip(p)),
			Hints: []string{"9 is a decimal digit, f a hexadecimal one, 0 a digit that is left out; the parts are joined by \".\", \"_\" or \"-\""}}
	}
	return nil
}

// unpack takes a number apart.
func unpack(number, p string) (string, error) {
	bad := func() error {
		return &diag.Error{Msg: fmt.Sprintf("%s is no number that the picture %s could take apart", clip(number), p)}
	}
	base := 10
	if strings.Contains(p, "f") {
		base = 16
	}
	digits, hex := strings.CutPrefix(strings.ToLower(number), "0x")
	from := 10
	if hex || base == 16 && strings.ContainsAny(digits, "abcdef") {
		from = 16
	}
	n, err := strconv.ParseUint(digits, from, 64)
	if err != nil || digits != strings.TrimLeft(digits, "+-") {
		return "", bad()
	}
	digits = strconv.FormatUint(n, base)
	out := ""
	for i := len(p) - 1; i >= 0; {
		start := i
		for start >= 0 && strings.IndexByte("90f", p[start]) >= 0 {
			start--
		}
		part := ""
		for k := i; k > start; k-- {
			d := "0"
			if n := len(digits); n > 0 {
				d, digits = digits[n-1:], digits[:n-1]
			}
			if p[k] != '0' {
				part = d + part
			}
		}
		if start < 0 {
			part, digits = digits+part, ""
		}
		if part != "" {
			value, err := strconv.ParseUint(part, base, 64)
			if err != nil {
				return "", bad()
			}
			joint := ""
			if out != "" {
				joint = joined(p, i)
			}
			out = strconv.FormatUint(value, 10) + joint + out
		}
		i = start - 1
	}
	return out, nil
}

// joined is what stands behind the part of a picture that ends at i.
func joined(p string, i int) string {
	if i+1 < len(p) {
		return p[i+1 : i+2]
	}
	return ""
}
