package registry

import "strings"

// challenge is what a registry asks for in WWW-Authenticate (RFC 9110): a scheme and its parameters.
type challenge struct {
	scheme string // in lower case
	params map[string]string
}

// maxChallenge bounds a header that is read.
const maxChallenge = 16 << 10

// parseChallenges reads WWW-Authenticate headers. What is malformed ends the reading of its header.
func parseChallenges(headers []string) []challenge {
	var out []challenge
	for _, h := range headers {
		if len(h) <= maxChallenge {
			out = append(out, parseChallenge(h)...)
		}
	}
	return out
}

func parseChallenge(s string) []challenge {
	var out []challenge
	p := &headerText{s}
	for {
		p.skip(" \t,")
		word := p.token()
		if word == "" {
			return out
		}
		p.skip(" \t")
		if !p.next('=') { // not a parameter, and so a scheme
			out = append(out, challenge{strings.ToLower(word), map[string]string{}})
			continue
		}
		p.skip(" \t")
		value, ok := p.value()
		if !ok || len(out) == 0 {
			return out
		}
		if params, key := out[len(out)-1].params, strings.ToLower(word); params[key] == "" {
			params[key] = value
		}
	}
}

// usable returns the first challenge that can be met, bearer before basic; nil when there is none.
func usable(cs []challenge) *challenge {
	for _, scheme := range []string{"bearer", "basic"} {
		for i := range cs {
			if cs[i].scheme == scheme {
				return &cs[i]
			}
		}
	}
	return nil
}

// headerText is what is left of a header to read.
type headerText struct{ rest string }

func (p *headerText) skip(chars string) { p.rest = strings.TrimLeft(p.rest, chars) }

func (p *headerText) next(c byte) bool {
	if p.rest == "" || p.rest[0] != c {
		return false
	}
	p.rest = p.rest[1:]
	return true
}

// token reads what RFC 9110 calls by that name.
func (p *headerText) token() string {
	n := 0
	for n < len(p.rest) && isTokenChar(p.rest[n]) {
		n++
	}
	t := p.rest[:n]
	p.rest = p.rest[n:]
	return t
}

func isTokenChar(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}

// value reads a token or a quoted string.
func (p *headerText) value() (string, bool) {
	if !p.next('"') {
		t := p.token()
		return t, t != ""
	}
	var b strings.Builder
	for i := 0; i < len(p.rest); i++ {
		switch c := p.rest[i]; {
		case c == '"':
			p.rest = p.rest[i+1:]
			return b.String(), true
		case c == '\\' && i+1 < len(p.rest):
			i++
			b.WriteByte(p.rest[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", false
}
