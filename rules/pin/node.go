package pin

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// node is a node of YAML.
type node struct {
	kind     nodeKind
	value    string  // of a scalar
	at       int     // where it is written: its first byte, or the quote or "|" before it
	children []*node // of a sequence; of a mapping, each key before its value
}

type nodeKind byte

const (
	plainScalar nodeKind = iota
	quotedScalar
	literalScalar // each line is one
	foldedScalar  // lines are joined
	sequence
	mapping
	otherNode // an alias of a collection: what it stands for is read where it is written
)

func (n *node) scalar() bool { return n.kind <= foldedScalar }

// get is the value of a key of a mapping; nil when there is none.
func (n *node) get(key string) *node {
	if n.kind != mapping {
		return nil
	}
	for i := 0; i+1 < len(n.children); i += 2 {
		if n.children[i].value == key {
			return n.children[i+1]
		}
	}
	return nil
}

// parseYAML returns the documents of a file, as the library reads them. What it panics on is an error.
func parseYAML(src string) (docs []*node, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	lines := lineStarts(src)
	d := yaml.NewDecoder(strings.NewReader(src))
	for {
		var n yaml.Node
		if err := d.Decode(&n); errors.Is(err, io.EOF) {
			return docs, nil
		} else if err != nil {
			return nil, err
		}
		if n.Kind == yaml.DocumentNode && len(n.Content) > 0 {
			docs = append(docs, (&converter{src, lines}).node(n.Content[0]))
		}
	}
}

// converter makes nodes of the library's.
type converter struct {
	src   string
	lines []int // where each begins, in the library's opinion
}

func (c *converter) node(n *yaml.Node) *node {
	if n.Kind == yaml.AliasNode && n.Alias != nil && n.Alias.Kind == yaml.ScalarNode {
		n = n.Alias
	}
	out := &node{kind: otherNode, at: c.offset(n)}
	switch n.Kind {
	case yaml.ScalarNode:
		out.kind, out.value = plainScalar, n.Value
		switch {
		case n.Style&yaml.LiteralStyle != 0:
			out.kind = literalScalar
		case n.Style&yaml.FoldedStyle != 0:
			out.kind = foldedScalar
		case n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
			out.kind = quotedScalar
		}
		out.at += len(properties.FindString(c.src[out.at:]))
	case yaml.SequenceNode:
		out.kind = sequence
	case yaml.MappingNode:
		out.kind = mapping
	}
	if n.Kind == yaml.SequenceNode || n.Kind == yaml.MappingNode {
		out.children = make([]*node, len(n.Content))
		for i, e := range n.Content {
			out.children[i] = c.node(e)
		}
	}
	return out
}

// properties are the anchor and the tag of a scalar, which stand before it.
var properties = regexp.MustCompile(`^([&!]\S*\s+)*`)

// offset is where a node begins; of a place that the file has not, its nearest.
func (c *converter) offset(n *yaml.Node) int {
	if n.Line < 1 {
		return 0
	}
	if n.Line > len(c.lines) {
		return len(c.src)
	}
	at := c.lines[n.Line-1]
	for col := 1; col < n.Column && at < len(c.src); col++ {
		_, size := utf8.DecodeRuneInString(c.src[at:])
		at += size
	}
	return at
}

// yamlBreak finds the line breaks of the library.
var yamlBreak = regexp.MustCompile("\r\n|[\r\n\u0085\u2028\u2029]")

// lineStarts is where the lines begin.
func lineStarts(src string) []int {
	out := []int{0}
	if strings.HasPrefix(src, "\ufeff") {
		out[0] = len("\ufeff")
	}
	if !strings.ContainsAny(src, "\r\u0085\u2028\u2029") {
		for i := range len(src) {
			if src[i] == '\n' {
				out = append(out, i+1)
			}
		}
		return out
	}
	for _, m := range yamlBreak.FindAllStringIndex(src, -1) {
		out = append(out, m[1])
	}
	return slices.Clip(out)
}
