package pin

import (
	"bytes"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
)

const (
	// MaxFileBytes bounds a file that is read for mentions.
	MaxFileBytes = 1 << 20
	// maxMentions bounds what is found in a file: nobody reads more.
	maxMentions = 2000
	// maxValue bounds what a variable stands for, in bytes. A reference is shorter.
	maxValue = 4096
	// maxExpanded bounds what all variables of a file come to, in bytes, however often they are used.
	maxExpanded = 4 << 20
	// maxWork bounds how far brackets are followed in a file, in bytes, whatever lies in one another and is never closed.
	maxWork = 16 << 20
	// maxValues bounds the values that one variable is given.
	maxValues = 16
	// maxDepth bounds what lies in one another: commands in commands, nodes of YAML.
	maxDepth = 64
	// maxInner bounds the shells that are begun by one another, with -c.
	maxInner = 4
)

// mention is an image or an action that a file names.
type mention struct {
	value
	action bool // a GitHub action, and not an image
	used   bool // something runs it, or the like; else it only looks like a reference, which may be a piece of one
	use    int  // where it is used, which need not be where it is written
}

// start is where it is written.
func (m mention) start() int { return m.at[0] }

// scanner collects the mentions of one file.
type scanner struct {
	path  string
	src   string
	left  int // of maxExpanded
	work  int // left of maxWork
	found []mention
	seen  map[mark]int // which of them it is
	notes []note       // what could not be read
}

// mark is what makes a mention another one: two that begin with the same variable begin at the same place.
type mark struct {
	at int
	s  string
}

// note is something of a file that is not understood.
type note struct {
	at  int
	msg string
}

// scan finds what a file names.
func scan(name string, src []byte) *scanner {
	s := &scanner{path: name, src: string(src), left: maxExpanded, work: maxWork, seen: map[mark]int{}}
	kind := kindOf(name, src)
	if strings.HasPrefix(s.src, byteOrderMark) && kind != kindYAML {
		s.src = strings.Repeat(" ", len(byteOrderMark)) + s.src[len(byteOrderMark):] // the library of YAML knows it
	}
	switch kind {
	case kindShell:
		(&shell{scanner: s, vars: scope{}}).script(whole(s.src, 0), 0)
	case kindDockerfile:
		s.dockerfile()
	case kindYAML:
		s.yaml(s.src)
	case kindJSON:
		s.yaml(withoutComments(s.src))
	case kindMakefile:
		s.makefile()
	default:
		s.literals(whole(s.src, 0), -1)
	}
	s.found = slices.DeleteFunc(s.found, s.isPiece)
	return s
}

// isPiece reports whether a mention only begins another one: what NAME stands for, where $NAME@$DIGEST is used, and not $NAME.
func (s *scanner) isPiece(m mention) bool {
	return !m.used && slices.ContainsFunc(s.found, func(o mention) bool {
		return o.start() == m.start() && len(o.s) > len(m.s) && strings.HasPrefix(o.s, m.s)
	})
}

const byteOrderMark = "\xef\xbb\xbf"

// kind is a kind of file.
type kind int

const (
	kindText kind = iota
	kindShell
	kindDockerfile
	kindYAML
	kindJSON
	kindMakefile
)

var (
	dockerfileName = regexp.MustCompile(`(?i)^((docker|container)file([.-].*)?|.*\.(docker|container)file)$`)
	makefileName   = regexp.MustCompile(`^((GNU|BSD)?[Mm]akefile([.-].*)?|.*\.(mk|mak))$`)
	shebang        = regexp.MustCompile(`^#![^\n]*\b(ba|da|k|z|a)?sh\b`)
)

// isBinary reports whether a file is no text, and need not be: nothing says that it names images to a program, as a script does.
func isBinary(name string, src []byte) bool {
	return bytes.IndexByte(src, 0) >= 0 && kindOf(name, src) == kindText && !bytes.HasPrefix(src, []byte("\xff\xfe")) && !bytes.HasPrefix(src, []byte("\xfe\xff"))
}

// kindOf says how a file is read: by its name, else by its first line.
func kindOf(name string, src []byte) kind {
	base := path.Base(name)
	switch strings.ToLower(path.Ext(base)) {
	case ".sh", ".bash", ".zsh", ".ksh", ".dash", ".bats":
		return kindShell
	case ".yml", ".yaml":
		return kindYAML
	case ".json", ".jsonc", ".json5":
		return kindJSON
	}
	switch {
	case dockerfileName.MatchString(base):
		return kindDockerfile
	case makefileName.MatchString(base):
		return kindMakefile
	case shebang.Match(bytes.TrimPrefix(src[:min(len(src), 256)], []byte(byteOrderMark))):
		return kindShell
	}
	return kindText
}

// image adds an image that is used where nothing else can be.
func (s *scanner) image(v value, use int) {
	v.text = trim(v.text)
	if v.s == "" {
		return
	}
	if v.unknown == "" {
		if rest, ok := strings.CutPrefix(v.s, "docker://"); ok {
			v.text = v.slice(len(v.s)-len(rest), len(v.s))
		}
		if v.s == "scratch" || v.s == "" {
			return
		}
	}
	s.add(mention{value: v, used: true, use: use})
}

func (s *scanner) add(m mention) {
	key := mark{m.start(), m.s}
	if n, ok := s.seen[key]; ok {
		s.found[n].used = s.found[n].used || m.used
		return
	}
	if len(s.found) >= maxMentions {
		return
	}
	s.seen[key] = len(s.found)
	s.found = append(s.found, m)
}

// trim takes the spaces at both ends off.
func trim(t text) text {
	start := len(t.s) - len(strings.TrimLeft(t.s, " \t\r\n"))
	end := len(strings.TrimRight(t.s, " \t\r\n"))
	if start >= end {
		return text{}
	}
	return t.slice(start, end)
}

// betweenReferences are the bytes that a text is split at to find references; none of them can be in one.
const betweenReferences = " \t\r\n\"'`=,;()<>|[]*"

// literals adds the references that stand in a text with a registry, and a tag or a digest, which hardly are anything else. use is where the
// text is used; -1 is where it is written.
func (s *scanner) literals(t text, use int) {
	if !mayHaveReference(t.s) {
		return
	}
	for i := 0; i < len(t.s); {
		n := strings.IndexAny(t.s[i:], betweenReferences)
		if n < 0 {
			n = len(t.s) - i
		}
		if n > 0 {
			s.literal(t, i, i+n, use)
		}
		i += n + 1
	}
}

// mayHaveReference reports whether there can be a reference with a registry, and a tag or a digest, in a text.
func mayHaveReference(s string) bool {
	return strings.IndexByte(s, '/') >= 0 && strings.IndexByte(s, ':') >= 0
}

// literal adds one of them.
func (s *scanner) literal(t text, i, j, use int) {
	if j-i > maxReference || !mayHaveReference(t.s[i:j]) {
		return
	}
	field := t.s[i:j]
	if n := strings.Index(field, "://"); n >= 0 {
		if scheme := field[:n]; scheme != "docker" && scheme != "oci" {
			return
		}
		i += n + len("://")
	}
	for j > i && strings.IndexByte(".:", t.s[j-1]) >= 0 {
		j--
	}
	r, ok := ParseReference(t.s[i:j])
	if ok && r.full() && hasDomain(r.Repository) {
		if use < 0 {
			use = t.at[i]
		}
		s.add(mention{value: value{text: t.slice(i, j)}, use: use})
	}
}

var domain = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(localhost|\[[0-9a-fA-F:]+\]|[^/]*:[0-9]+|[^/]*\.[a-zA-Z]{2,}|[0-9]+(\.[0-9]+){3})(:[0-9]+)?/`)
})

// hasDomain reports whether a repository begins with what looks like a registry also to a reader.
func hasDomain(repository string) bool { return domain().MatchString(repository) }

// spend takes from what variables may come to.
func (s *scanner) spend(n int) bool {
	s.left -= n
	return s.left >= 0
}

// withoutComments is JSON with its comments, and the tabs between its values, as spaces: what YAML reads, each byte at its place.
func withoutComments(src string) string {
	out := []byte(src)
	blank := func(i, j int) {
		for ; i < j; i++ {
			if out[i] != '\n' && out[i] != '\r' {
				out[i] = ' '
			}
		}
	}
	for i := 0; i < len(out); {
		switch rest := out[i:]; {
		case rest[0] == '"':
			i++
			for i < len(out) && out[i] != '"' && out[i] != '\n' {
				if out[i] == '\\' {
					i++
				}
				i++
			}
			i++
		case bytes.HasPrefix(rest, []byte("//")):
			end := bytes.IndexByte(rest, '\n')
			if end < 0 {
				end = len(rest)
			}
			blank(i, i+end)
			i += end
		case bytes.HasPrefix(rest, []byte("/*")):
			end := bytes.Index(rest[2:], []byte("*/"))
			if end < 0 {
				end = len(rest)
			} else {
				end += 4
			}
			blank(i, i+end)
			i += end
		case rest[0] == '\t':
			out[i] = ' '
			i++
		default:
			i++
		}
	}
	return string(out)
}
