package pin

import "strings"

// plainYAML reads YAML of the kind that workflows are written in: block mappings and sequences, scalars of one line, block scalars. It says no to
// everything else (anchors, tags, escapes, flow collections over several lines, scalars that go on in the next line, other
// letters than ASCII), which is then left to the library. It is there because the library takes ten times as long, and a
// tree has hundreds of workflows. A fuzz test holds that it reads what the library reads.
type plainYAML struct {
	src string
	at  int // where the line to be read begins, or within it where a collection does that begins behind a "- "
	no  bool

	free []node // what new takes nodes from
}

// new makes a node.
func (p *plainYAML) new(n node) *node {
	if len(p.free) == 0 {
		p.free = make([]node, 64)
	}
	out := &p.free[0]
	p.free = p.free[1:]
	*out = n
	return out
}

// parsePlain returns the only document of a file.
func parsePlain(src string) (*node, bool) {
	for i := range len(src) {
		if c := src[i]; c < ' ' && c != '\n' && c != '\t' || c >= 0x7f {
			return nil, false
		}
	}
	p := &plainYAML{src: src}
	if strings.HasPrefix(src, "---\n") {
		p.at = len("---\n")
	}
	indent, ok := p.next()
	if !ok || indent != 0 {
		return nil, false
	}
	root := p.block(0, 0)
	if _, more := p.next(); more || p.no || root.scalar() {
		return nil, false
	}
	return root, true
}

// refuse says no.
func (p *plainYAML) refuse() *node {
	p.no = true
	return &node{}
}

// next goes to the next line that says something, and returns how far it is indented.
func (p *plainYAML) next() (indent int, ok bool) {
	for !p.no && p.at < len(p.src) {
		line := firstLine(p.src[p.at:])
		indent = len(line) - len(strings.TrimLeft(line, " "))
		rest := line[indent:]
		if rest != "" && rest[0] != '#' {
			if rest[0] == '\t' || rest[0] == '%' || indent == 0 && (strings.HasPrefix(rest, "---") || strings.HasPrefix(rest, "...")) {
				p.no = true
				return 0, false
			}
			return indent, true
		}
		p.at += len(line) + 1
	}
	return 0, false
}

// block reads the collection at the indentation n, whose first line is the next.
func (p *plainYAML) block(n, depth int) *node {
	if depth > maxDepth/2 {
		return p.refuse()
	}
	start := p.at + n
	if isDash(p.src[start:]) {
		out := p.new(node{kind: sequence, at: start})
		for indent, ok := p.next(); ok && indent == n && isDash(p.src[p.at+n:]); indent, ok = p.next() {
			out.children = append(out.children, p.entry(n, depth))
		}
		return out
	}
	return p.mapping(n, start, depth)
}

func isDash(s string) bool {
	return strings.HasPrefix(s, "- ") || strings.HasPrefix(s, "-\n") || s == "-"
}

// entry reads an entry of a sequence at the indentation n.
func (p *plainYAML) entry(n, depth int) *node {
	line := firstLine(p.src[p.at:])
	rest := strings.TrimLeft(line[n+1:], " ")
	inner := len(line) - len(rest)
	if rest == "" || rest[0] == '#' {
		return p.below(n, false, depth, len(line))
	}
	if strings.HasPrefix(rest, "- ") || rest == "-" {
		return p.refuse()
	}
	if _, _, ok := p.key(rest); ok {
		return p.mapping(inner, p.at+inner, depth+1)
	}
	return p.value(n, p.at+inner, line[inner:])
}

// below reads what stands under a key or a "-" without a value, at the indentation n of that.
func (p *plainYAML) below(n int, ofKey bool, depth, line int) *node {
	empty := p.new(node{at: p.at + line})
	p.at += line + 1
	indent, ok := p.next()
	switch {
	case !ok || indent < n:
		return empty
	case indent > n:
		return p.block(indent, depth+1)
	case ofKey && isDash(p.src[p.at+n:]):
		return p.block(n, depth+1)
	}
	return empty
}

// mapping reads a mapping whose keys are at the column n, the first of them at start.
func (p *plainYAML) mapping(n, start, depth int) *node {
	out := p.new(node{kind: mapping, at: start})
	if depth > maxDepth/2 {
		return p.refuse()
	}
	for first := true; !p.no; first = false {
		if !first {
			if indent, ok := p.next(); !ok || indent != n || isDash(p.src[p.at+n:]) {
				if ok && indent > n {
					return p.refuse()
				}
				break
			}
		}
		line := firstLine(p.src[p.at:])
		key, colon, ok := p.key(line[n:])
		if !ok {
			return p.refuse()
		}
		key.at += p.at + n
		out.children = append(out.children, key)
		rest := strings.TrimLeft(line[n+colon+1:], " ")
		if rest == "" || rest[0] == '#' {
			out.children = append(out.children, p.below(n, true, depth, len(line)))
			continue
		}
		at := p.at + len(line) - len(rest)
		out.children = append(out.children, p.value(n, at, rest))
	}
	return out
}

// key reads the key that a line begins with, and returns where its colon is.
func (p *plainYAML) key(line string) (key *node, colon int, ok bool) {
	if line == "" {
		return nil, 0, false
	}
	if line[0] == '"' || line[0] == '\'' {
		end := strings.IndexByte(line[1:], line[0]) + 1
		if end < 1 || strings.IndexByte(line[:end], '\\') >= 0 || end+1 >= len(line) || line[end+1] != ':' || end+2 < len(line) && line[end+2] != ' ' {
			return nil, 0, false
		}
		return p.new(node{kind: quotedScalar, value: line[1:end]}), end + 1, true
	}
	if !plainStart(line) {
		return nil, 0, false
	}
	for i := 0; i < len(line) && i < 200; i++ {
		switch {
		case line[i] == '\t' || line[i] == '#' && line[i-1] == ' ':
			return nil, 0, false
		case line[i] == ':' && (i+1 == len(line) || line[i+1] == ' '):
			return p.new(node{value: strings.TrimRight(line[:i], " ")}), i, true
		}
	}
	return nil, 0, false
}

// plainStart reports whether a plain scalar may begin so. Some that may are left to the library.
func plainStart(s string) bool {
	return strings.IndexByte(",[]{}#&*!|>'\"%@`?:-", s[0]) < 0 || len(s) > 1 && s[0] == '-' && s[1] != ' ' && s[1] != '-'
}

// value reads the value that the rest of a line is, of a key or a "-" at the indentation n, and ends the line.
func (p *plainYAML) value(n, at int, rest string) *node {
	if strings.IndexByte(rest, '\t') >= 0 {
		return p.refuse()
	}
	var out *node
	switch rest[0] {
	case '|', '>':
		return p.literal(n, at, rest)
	case '"', '\'':
		end := strings.IndexByte(rest[1:], rest[0]) + 1
		if end < 1 || strings.IndexByte(rest[:end], '\\') >= 0 || !nothing(rest[end+1:]) {
			return p.refuse()
		}
		out = p.new(node{kind: quotedScalar, value: rest[1:end], at: at})
	case '[', '{':
		end := -1
		if out, end = p.flow(at, rest, 0, 0); p.no || !nothing(rest[end:]) {
			return p.refuse()
		}
	default:
		if !plainStart(rest) {
			return p.refuse()
		}
		text, _, _ := strings.Cut(rest, " #")
		text = strings.TrimRight(text, " ")
		if strings.Contains(text, ": ") || strings.HasSuffix(text, ":") {
			return p.refuse()
		}
		out = p.new(node{value: text, at: at})
	}
	p.at += len(firstLine(p.src[p.at:])) + 1
	if indent, ok := p.next(); ok && indent > n { // it goes on
		return p.refuse()
	}
	return out
}

// nothing reports whether a line has no more than a comment.
func nothing(s string) bool {
	rest := strings.TrimLeft(s, " ")
	return rest == "" || rest[0] == '#' && len(rest) < len(s)
}

// literal reads a block scalar.
func (p *plainYAML) literal(n, at int, header string) *node {
	out := p.new(node{kind: literalScalar, at: at})
	if header[0] == '>' {
		out.kind = foldedScalar
	}
	rest := strings.TrimPrefix(header[1:], "-")
	keep := strings.HasPrefix(rest, "+") // the line breaks at the end, which may be all there is
	if keep {
		rest = rest[1:]
	}
	if !nothing(rest) {
		return p.refuse()
	}
	p.at += len(firstLine(p.src[p.at:])) + 1
	indent := -1
	blanks := 0 // the most spaces of a blank line before the first that is not
	for p.at < len(p.src) {
		line := firstLine(p.src[p.at:])
		spaces := len(line) - len(strings.TrimLeft(line, " "))
		switch {
		case spaces == len(line):
			blanks = max(blanks, spaces)
		case spaces <= n:
			if indent < 0 && (blanks > 0 || keep) {
				return p.refuse()
			}
			return out
		case indent < 0:
			if indent = spaces; blanks > indent || line[spaces] == '\t' {
				return p.refuse()
			}
			out.value = line[spaces:]
		case spaces < indent:
			return p.refuse()
		}
		p.at += len(line) + 1
	}
	if indent < 0 && (blanks > 0 || keep) {
		return p.refuse()
	}
	return out
}

// flow reads the flow collection that begins at i of a line, and returns where it ends. base is where the line's text is in the file.
func (p *plainYAML) flow(base int, s string, i, depth int) (*node, int) {
	if depth > 8 {
		return p.refuse(), 0
	}
	out := p.new(node{kind: sequence, at: base + i})
	end := byte(']')
	if s[i] == '{' {
		out.kind, end = mapping, '}'
	}
	for i++; i < len(s) && !p.no; {
		switch s[i] {
		case ' ':
			i++
			continue
		case end:
			return out, i + 1
		}
		var e *node
		if e, i = p.flowNode(base, s, i, depth); p.no {
			break
		}
		out.children = append(out.children, e)
		i += len(s[i:]) - len(strings.TrimLeft(s[i:], " "))
		if out.kind == mapping {
			if !strings.HasPrefix(s[i:], ": ") || !e.scalar() {
				break
			}
			i += len(s[i+1:]) - len(strings.TrimLeft(s[i+1:], " ")) + 1
			if i >= len(s) {
				break
			}
			if e, i = p.flowNode(base, s, i, depth); p.no {
				break
			}
			out.children = append(out.children, e)
			i += len(s[i:]) - len(strings.TrimLeft(s[i:], " "))
		}
		if i >= len(s) || s[i] != ',' && s[i] != end {
			break
		}
		if s[i] == ',' {
			i++
		}
	}
	return p.refuse(), 0
}

// flowNode reads a node of a flow collection.
func (p *plainYAML) flowNode(base int, s string, i, depth int) (*node, int) {
	switch s[i] {
	case '[', '{':
		return p.flow(base, s, i, depth+1)
	case '"', '\'':
		end := strings.IndexByte(s[i+1:], s[i])
		if end < 0 || strings.IndexByte(s[i:i+1+end], '\\') >= 0 || strings.HasPrefix(s[i+end+2:], s[i:i+1]) {
			return p.refuse(), 0
		}
		return p.new(node{kind: quotedScalar, value: s[i+1 : i+1+end], at: base + i}), i + end + 2
	}
	if !plainStart(s[i:]) {
		return p.refuse(), 0
	}
	end := i
	for end < len(s) && strings.IndexByte(",[]{}#?", s[end]) < 0 && (s[end] != ':' || end+1 < len(s) && strings.IndexByte(" ,]}[{", s[end+1]) < 0) {
		end++
	}
	if end == len(s) || strings.IndexByte("#?", s[end]) >= 0 {
		return p.refuse(), 0
	}
	text := strings.TrimRight(s[i:end], " ")
	if text == "" {
		return p.refuse(), 0
	}
	return p.new(node{value: text, at: base + i}), end
}
