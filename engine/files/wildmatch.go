package files

import (
	"math/bits"
	"strings"
)

// wildmatch is a compiled pattern of a .gitignore line: what gitignore(5) describes, byte by
// byte as git itself matches. It is a sequence of tokens run by simulation of all positions at
// once, so that no pattern takes more than its length times the text's.
type wildmatch struct {
	tokens []token
	never  bool // malformed: matches nothing
}

type token struct {
	op  op
	lit byte
	set [4]uint64 // opSet: bit n says that byte n matches
}

type op uint8

const (
	opByte     op = iota
	opSet         // one byte of a set, which never has a slash where slashes separate
	opStar        // any bytes but slashes
	opAnything    // any bytes
	opDirs        // "**/": nothing, or anything that ends in a slash
)

// compileWildmatch compiles a pattern. paths says that slashes separate: then neither "*" nor
// "?" nor brackets match one, and "**" does when it stands alone between slashes; otherwise
// every star matches anything.
func compileWildmatch(p string, paths bool) *wildmatch {
	w := new(wildmatch)
	for i := 0; i < len(p); {
		switch c := p[i]; c {
		case '?':
			set := [4]uint64{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}
			if paths {
				remove(&set, '/')
			}
			w.tokens = append(w.tokens, token{op: opSet, set: set})
			i++
		case '[':
			set, n, ok := parseSet(p[i:])
			if !ok {
				return &wildmatch{never: true}
			}
			if paths {
				remove(&set, '/')
			}
			w.tokens = append(w.tokens, token{op: opSet, set: set})
			i += n
		case '*':
			from := i
			for i < len(p) && p[i] == '*' {
				i++
			}
			rest := p[i:]
			switch {
			case !paths:
				w.tokens = append(w.tokens, token{op: opAnything})
			case i-from < 2 || from > 0 && p[from-1] != '/':
				w.tokens = append(w.tokens, token{op: opStar})
			case rest == "" || strings.HasPrefix(rest, `\/`):
				w.tokens = append(w.tokens, token{op: opAnything})
			case rest[0] == '/':
				w.tokens = append(w.tokens, token{op: opDirs})
				i++
			default:
				w.tokens = append(w.tokens, token{op: opStar})
			}
		case '\\':
			if i++; i == len(p) {
				return &wildmatch{never: true}
			}
			c = p[i]
			fallthrough
		default:
			w.tokens = append(w.tokens, token{op: opByte, lit: c})
			i++
		}
	}
	return w
}

// parseSet parses the bracket expression at the start of p and returns its length. The first
// byte may be a "]"; a "-" is a range only between two ends; "[:class:]" is one of POSIX's.
func parseSet(p string) (set [4]uint64, n int, ok bool) {
	i := 1
	negated := i < len(p) && (p[i] == '!' || p[i] == '^')
	if negated {
		i++
	}
	prev := byte(0) // the byte that a range may start at; 0: none
	for first := true; ; first = false {
		if i >= len(p) {
			return set, 0, false
		}
		c := p[i]
		switch {
		case c == ']' && !first:
			if negated {
				for k := range set {
					set[k] = ^set[k]
				}
			}
			return set, i + 1, true
		case c == '\\':
			if i++; i >= len(p) {
				return set, 0, false
			}
			prev = p[i]
			add(&set, prev)
		case c == '-' && prev != 0 && i+1 < len(p) && p[i+1] != ']':
			i++
			hi := p[i]
			if hi == '\\' {
				if i++; i >= len(p) {
					return set, 0, false
				}
				hi = p[i]
			}
			for b := int(prev); b <= int(hi); b++ {
				add(&set, byte(b))
			}
			prev = 0
		case c == '[' && i+1 < len(p) && p[i+1] == ':':
			end := strings.IndexByte(p[i+2:], ']')
			if end < 0 {
				return set, 0, false
			}
			name, isClass := strings.CutSuffix(p[i+2:i+2+end], ":")
			if !isClass {
				prev = c
				add(&set, c)
				break
			}
			if !addClass(&set, name) {
				return set, 0, false
			}
			i += 2 + end
			prev = 0
		default:
			prev = c
			add(&set, c)
		}
		i++
	}
}

func add(set *[4]uint64, b byte)           { set[b>>6] |= 1 << (b & 63) }
func remove(set *[4]uint64, b byte)        { set[b>>6] &^= 1 << (b & 63) }
func contains(set *[4]uint64, b byte) bool { return set[b>>6]>>(b&63)&1 != 0 }

// addClass adds a POSIX class as git has it: ASCII only, and neither vertical tab nor form feed
// is space.
func addClass(set *[4]uint64, name string) bool {
	between := func(ranges ...byte) {
		for i := 0; i < len(ranges); i += 2 {
			for b := int(ranges[i]); b <= int(ranges[i+1]); b++ {
				add(set, byte(b))
			}
		}
	}
	switch name {
	case "alnum":
		between('0', '9', 'A', 'Z', 'a', 'z')
	case "alpha":
		between('A', 'Z', 'a', 'z')
	case "blank":
		between(' ', ' ', '\t', '\t')
	case "cntrl":
		between(0, 0x1f, 0x7f, 0x7f)
	case "digit":
		between('0', '9')
	case "graph":
		between('!', '~')
	case "lower":
		between('a', 'z')
	case "print":
		between(' ', '~')
	case "punct":
		between('!', '/', ':', '@', '[', '`', '{', '~')
	case "space":
		between(' ', ' ', '\t', '\n', '\r', '\r')
	case "upper":
		between('A', 'Z')
	case "xdigit":
		between('0', '9', 'A', 'F', 'a', 'f')
	default:
		return false
	}
	return true
}

// match reports whether the whole text matches. Bit i of the state says that the tokens before
// token i match the text read so far.
func (w *wildmatch) match(text string) bool {
	if w.never {
		return false
	}
	var few [4]uint64
	words := len(w.tokens)/64 + 1
	var cur, next []uint64
	if words <= 2 {
		cur, next = few[:words], few[2:2+words]
	} else {
		cur, next = make([]uint64, words), make([]uint64, words)
	}
	w.enter(cur, 0)
	for i := range len(text) {
		clear(next)
		alive := uint64(0)
		for k, word := range cur {
			for ; word != 0; word &= word - 1 {
				w.step(next, k<<6+bits.TrailingZeros64(word), text[i])
			}
		}
		for _, word := range next {
			alive |= word
		}
		if alive == 0 {
			return false
		}
		cur, next = next, cur
	}
	n := len(w.tokens)
	return cur[n>>6]>>(n&63)&1 != 0
}

// enter marks position i, and those behind tokens that can match nothing.
func (w *wildmatch) enter(set []uint64, i int) {
	for {
		set[i>>6] |= 1 << (i & 63)
		if i == len(w.tokens) || w.tokens[i].op < opStar {
			return
		}
		i++
	}
}

// step marks where position i leads with byte c.
func (w *wildmatch) step(set []uint64, i int, c byte) {
	if i == len(w.tokens) {
		return
	}
	switch t := &w.tokens[i]; t.op {
	case opByte:
		if t.lit == c {
			w.enter(set, i+1)
		}
	case opSet:
		if contains(&t.set, c) {
			w.enter(set, i+1)
		}
	case opStar:
		if c != '/' {
			w.enter(set, i)
		}
	case opAnything:
		w.enter(set, i)
	case opDirs:
		// Inside the directories only the end of one leads on, so the position is kept
		// without entering what is behind.
		set[i>>6] |= 1 << (i & 63)
		if c == '/' {
			w.enter(set, i+1)
		}
	}
}
