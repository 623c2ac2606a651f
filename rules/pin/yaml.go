package pin

import (
	"fmt"
	"maps"
	"strings"
)

// yamlFile reads a GitHub workflow or action, a compose file, or other YAML that names images.
type yamlFile struct {
	*scanner
	parsed string // each byte is that of src, but for comments
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
	y := &yamlFile{scanner: s, parsed: src}
	docs, err := parseYAML(src)
	if err != nil {
		s.notes = append(s.notes, note{0, fmt.Sprintf("the file is no %s (%s), so only images that are written out in full are found", y.language(), clip(yamlReason(err)))})
		s.literals(whole(s.src, 0), -1)
	}
	for _, root := range docs {
		y.document(root)
	}
}

func (y *yamlFile) document(root *node) {
	y.form = y.formOf(root)
	y.node(root, place{}, scope{}, 0)
}

// language is what the file should be. JSON is read as the YAML that it is, but for the escapes \/ and of two halves of a letter.
func (y *yamlFile) language() string {
	if kindOf(y.path, nil) == kindJSON {
		return "JSON that can be read"
	}
	return "YAML"
}

// yamlReason is the parser's message without what is said already.
func yamlReason(err error) string {
	return strings.TrimPrefix(strings.ReplaceAll(err.Error(), "\n", " "), "yaml: ")
}

func (y *yamlFile) formOf(root *node) form {
	switch {
	case root.get("jobs") != nil:
		return workflowForm
	case root.get("runs") != nil:
		return actionForm
	case root.get("services") != nil || strings.HasSuffix(y.path, ".gitlab-ci.yml") || root.get("apiVersion") != nil || strings.HasSuffix(y.path, "devcontainer.json"):
		return imagesForm
	}
	return otherForm
}

// place is the keys that lead to a node: its own, that of the mapping it is in, and that one's.
type place struct{ key, parent, above string }

func (p place) below(key string) place { return place{key, p.key, p.parent} }

// node reads a node and all below it.
func (y *yamlFile) node(n *node, at place, vars scope, depth int) {
	if depth > maxDepth {
		y.notes = append(y.notes, note{n.at, fmt.Sprintf("what lies more than %d levels deep is not read", maxDepth)})
		return
	}
	switch n.kind {
	case sequence:
		for _, e := range n.children {
			y.node(e, at, vars, depth+1)
		}
	case mapping:
		if env := n.get("env"); env != nil && (y.form == workflowForm || y.form == actionForm) {
			vars = y.environment(env, vars)
		}
		for i := 0; i+1 < len(n.children); i += 2 {
			y.node(n.children[i+1], at.below(n.children[i].value), vars, depth+1)
		}
	case otherNode:
	default:
		y.scalar(n, at, vars)
	}
}

// environment is the variables, and those that a mapping sets besides.
func (y *yamlFile) environment(env *node, vars scope) scope {
	if env.kind != mapping {
		return vars
	}
	vars = y.clone(vars)
	for i := 0; i+1 < len(env.children); i += 2 {
		if v := env.children[i+1]; v.scalar() && len(v.value) <= maxValue {
			vars[env.children[i].value] = []value{y.expand(y.written(v), vars)}
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
func (y *yamlFile) scalar(n *node, at place, vars scope) {
	if n.value == "" {
		return
	}
	github := y.form == workflowForm || y.form == actionForm
	switch {
	case github && at.key == "uses":
		y.uses(n, vars)
		return
	case github && at.key == "run" || at.key == "script" || at.key == "before_script" || at.key == "after_script":
		if t := y.written(n); mayHaveReference(t.s) || mayRun(t.s) {
			(&shell{scanner: y.scanner, vars: y.clone(vars)}).script(t, 0)
		}
		return
	case y.isImage(at):
		v := y.expand(y.written(n), vars)
		if y.form == actionForm && at.parent == "runs" && !strings.HasPrefix(v.s, "docker://") { // a Dockerfile
			return
		}
		y.image(v, n.at)
		return
	}
	if mayHaveReference(n.value) || strings.IndexByte(n.value, '$') >= 0 {
		y.literals(y.expand(y.written(n), vars).text, n.at)
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

// isCommit reports whether s is a Git commit, by SHA-1 or SHA-256.
func isCommit(s string) bool {
	return (len(s) == 40 || len(s) == 64) && strings.Trim(s, "0123456789abcdef") == ""
}

// uses reads what a step or a job uses: an action, a workflow, or an image.
func (y *yamlFile) uses(n *node, vars scope) {
	if strings.HasPrefix(n.value, "./") || strings.HasPrefix(n.value, "../") || isCommit(n.value[strings.LastIndexByte(n.value, '@')+1:]) {
		return // the repository's own, or one that stays what it is
	}
	v := y.expand(y.written(n), vars)
	v.text = trim(v.text)
	if v.s == "" {
		return
	}
	if strings.HasPrefix(v.s, "docker://") {
		v.text = v.slice(len("docker://"), len(v.s))
		if v.s != "" {
			y.image(v, v.at[0])
		}
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

// written is a scalar with where its bytes are written.
func (y *yamlFile) written(n *node) text {
	start := n.at
	switch n.kind {
	case literalScalar, foldedScalar:
		return y.block(n)
	case quotedScalar:
		start++
	}
	if start < len(y.parsed) && strings.HasPrefix(y.parsed[start:], n.value) {
		return whole(n.value, start)
	}
	return placed(n.value, n.at)
}

// block is a scalar of several lines, which follow the one that it begins in and are indented.
func (y *yamlFile) block(n *node) text {
	var b builder
	indent := -1
	folded := n.kind == foldedScalar
	for i := n.at + len(firstLine(y.parsed[n.at:])) + 1; i < len(y.parsed); {
		line := firstLine(y.parsed[i:])
		spaces := len(line) - len(strings.TrimLeft(line, " "))
		blank := strings.TrimSpace(line) == ""
		if indent < 0 && !blank {
			indent = spaces
		}
		if !blank && spaces < indent {
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
