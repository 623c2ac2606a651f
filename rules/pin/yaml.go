package pin

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// yamlFile reads a GitHub workflow or action, a compose file, or other YAML that names images.
type yamlFile struct {
	*scanner
	parsed string // each byte is that of src, but for comments
	lines  []int  // where each begins, in the parser's opinion
	form   form
}

// form is what a file of YAML is, by its top.
type form int

const (
	otherForm    form = iota
	workflowForm      // GitHub's: jobs
	actionForm        // GitHub's: runs
	imagesForm        // image: is a container image wherever it stands
)

func (s *scanner) yaml(src string) {
	y := &yamlFile{scanner: s, parsed: src, lines: lineStarts(src)}
	if err := y.documents(); err != nil {
		s.notes = append(s.notes, note{0, fmt.Sprintf("the file is no YAML (%s), so only images that are written out in full are found", clip(yamlReason(err)))})
		s.literals(whole(s.src, 0), -1)
	}
}

// documents reads all documents of the file. The parser's panics on what it did not expect are errors.
func (y *yamlFile) documents() (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	d := yaml.NewDecoder(strings.NewReader(y.parsed))
	for {
		var n yaml.Node
		if err := d.Decode(&n); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if n.Kind != yaml.DocumentNode || len(n.Content) == 0 {
			continue
		}
		root := n.Content[0]
		y.form = y.formOf(root)
		y.node(root, place{}, scope{}, 0)
	}
}

// yamlReason is the parser's message without what is said already.
func yamlReason(err error) string {
	return strings.TrimPrefix(strings.ReplaceAll(err.Error(), "\n", " "), "yaml: ")
}

func (y *yamlFile) formOf(root *yaml.Node) form {
	switch {
	case has(root, "jobs"):
		return workflowForm
	case has(root, "runs"):
		return actionForm
	case has(root, "services") || strings.HasSuffix(y.path, ".gitlab-ci.yml") || has(root, "apiVersion") || strings.HasSuffix(y.path, "devcontainer.json"):
		return imagesForm
	}
	return otherForm
}

func has(n *yaml.Node, key string) bool { return get(n, key) != nil }

// get is the value of a key; nil when there is none.
func get(n *yaml.Node, key string) *yaml.Node {
	if n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// place is the keys that lead to a node: its own, that of the mapping it is in, and that one's.
type place struct{ key, parent, above string }

func (p place) below(key string) place { return place{key, p.key, p.parent} }

// node reads a node and all below it. An alias is not followed, but for a scalar: what it stands for has been read where it is written.
func (y *yamlFile) node(n *yaml.Node, at place, vars scope, depth int) {
	if depth > maxDepth {
		y.notes = append(y.notes, note{y.offset(n), fmt.Sprintf("what lies more than %d levels deep is not read", maxDepth)})
		return
	}
	switch n.Kind {
	case yaml.SequenceNode:
		for _, e := range n.Content {
			y.node(e, at, vars, depth+1)
		}
	case yaml.MappingNode:
		if env := get(n, "env"); env != nil && (y.form == workflowForm || y.form == actionForm) {
			vars = y.environment(env, vars)
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			y.node(n.Content[i+1], at.below(n.Content[i].Value), vars, depth+1)
		}
	case yaml.AliasNode:
		if n.Alias != nil && n.Alias.Kind == yaml.ScalarNode {
			y.scalar(n.Alias, at, vars)
		}
	case yaml.ScalarNode:
		y.scalar(n, at, vars)
	}
}

// environment is the variables, and those that a mapping sets besides.
func (y *yamlFile) environment(env *yaml.Node, vars scope) scope {
	if env.Kind != yaml.MappingNode {
		return vars
	}
	vars = y.clone(vars)
	for i := 0; i+1 < len(env.Content); i += 2 {
		v := env.Content[i+1]
		if v.Kind == yaml.AliasNode && v.Alias != nil {
			v = v.Alias
		}
		if v.Kind == yaml.ScalarNode && len(v.Value) <= maxValue {
			vars[env.Content[i].Value] = []value{y.expand(y.written(v), vars)}
		}
	}
	return vars
}

// clone is a copy of the variables; of none, when the file has made too many.
func (y *yamlFile) clone(vars scope) scope {
	if !y.spend(len(vars)) {
		return scope{}
	}
	return maps.Clone(vars)
}

// scalar reads a scalar by where it stands.
func (y *yamlFile) scalar(n *yaml.Node, at place, vars scope) {
	if n.Value == "" {
		return
	}
	github := y.form == workflowForm || y.form == actionForm
	switch {
	case github && at.key == "uses":
		y.uses(n, vars)
		return
	case github && at.key == "run" || at.key == "script" || at.key == "before_script" || at.key == "after_script":
		(&shell{scanner: y.scanner, vars: y.clone(vars)}).script(y.written(n), 0)
		return
	case y.isImage(at):
		v := y.expand(y.written(n), vars)
		if y.form == actionForm && at.parent == "runs" && !strings.HasPrefix(v.s, "docker://") { // a Dockerfile
			return
		}
		y.image(v, y.offset(n))
		return
	}
	if strings.IndexByte(n.Value, '/') >= 0 { // else there is no registry in it
		y.literals(y.expand(y.written(n), vars).text, y.offset(n))
	}
}

// isImage reports whether what stands at a place is an image.
func (y *yamlFile) isImage(at place) bool {
	switch {
	case y.form == otherForm || at.parent == "with":
		return false
	case at.key == "container":
		return y.form == workflowForm && at.above == "jobs"
	case at.key == "name":
		return y.form == imagesForm && at.parent == "image" // GitLab
	}
	return at.key == "image"
}

// commit is a Git commit, by SHA-1 or SHA-256.
var commit = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)

// uses reads what a step or a job uses: an action, a workflow, or an image.
func (y *yamlFile) uses(n *yaml.Node, vars scope) {
	v := y.expand(y.written(n), vars)
	v.text = trim(v.text)
	if v.s == "" || strings.HasPrefix(v.s, "./") || strings.HasPrefix(v.s, "../") {
		return
	}
	if strings.HasPrefix(v.s, "docker://") {
		v.text = v.slice(len("docker://"), len(v.s))
		if v.s != "" {
			y.image(v, v.at[0])
		}
		return
	}
	if i := strings.LastIndexByte(v.s, '@'); i >= 0 && commit.MatchString(v.s[i+1:]) {
		return
	}
	y.add(mention{value: v, action: true})
}

// expand replaces the expressions of a workflow that are variables of the file.
func (y *yamlFile) expand(t text, vars scope) value {
	if strings.IndexByte(t.s, '$') < 0 {
		return value{text: t}
	}
	sh := &shell{scanner: y.scanner, vars: vars}
	var b builder
	unknown := ""
	for i := 0; i < len(t.s); {
		if !strings.HasPrefix(t.s[i:], "${") {
			b.addByte(t.s[i], t.at[i])
			i++
			continue
		}
		if y.form == imagesForm || strings.HasPrefix(t.s[i:], "${{") { // compose has the variables of a shell, with defaults
			var v value
			v, _, i = sh.expansion(t, i, maxDepth)
			b.add(v.text)
			if unknown == "" {
				unknown = v.unknown
			}
			continue
		}
		b.addByte(t.s[i], t.at[i])
		i++
	}
	return value{b.text(), unknown}
}

// properties are the anchor and the tag of a scalar, which stand before it.
var properties = regexp.MustCompile(`^([&!]\S*\s+)*`)

// written is a scalar with where its bytes are written.
func (y *yamlFile) written(n *yaml.Node) text {
	at := y.offset(n)
	at += len(properties.FindString(y.parsed[at:]))
	if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		return y.block(n, at)
	}
	start := at
	if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
		start++
	}
	if start < len(y.parsed) && strings.HasPrefix(y.parsed[start:], n.Value) {
		return whole(n.Value, start)
	}
	return placed(n.Value, at)
}

// block is a scalar of several lines, which follow the one that it begins in and are indented.
func (y *yamlFile) block(n *yaml.Node, at int) text {
	var b builder
	indent := -1
	folded := n.Style&yaml.FoldedStyle != 0
	for i := at + len(firstLine(y.parsed[at:])) + 1; i < len(y.parsed); {
		line := firstLine(y.parsed[i:])
		spaces := len(line) - len(strings.TrimLeft(line, " "))
		blank := strings.TrimSpace(line) == ""
		if indent < 0 && !blank {
			indent = spaces
		}
		if !blank && spaces < indent || len(b.s) > len(n.Value)+len(line) {
			break
		}
		if !blank {
			b.add(whole(line[indent:], i+indent))
		}
		end := byte('\n')
		if folded && !blank && spaces == indent {
			end = ' '
		}
		b.addByte(end, i+len(line))
		i += len(line) + 1
	}
	return b.text()
}

// offset is where a node begins; of a place that the file has not, its nearest.
func (y *yamlFile) offset(n *yaml.Node) int {
	if n.Line < 1 {
		return 0
	}
	if n.Line > len(y.lines) {
		return len(y.parsed)
	}
	at := y.lines[n.Line-1]
	for col := 1; col < n.Column && at < len(y.parsed); col++ {
		_, size := utf8.DecodeRuneInString(y.parsed[at:])
		at += size
	}
	return at
}

// yamlBreak finds the line breaks of the parser.
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
