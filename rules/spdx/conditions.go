package spdx

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// absence says why a declared package is not in a binary.
type absence struct {
	name, version string
	why           string
}

// conditionsHold reports whether a binary of that name contains what is declared, and if not why.
func conditionsHold(only, notIn map[string][]string, a Artifact) (why string, ok bool) {
	for _, g := range sortedKeys(only) {
		if !slices.Contains(only[g], a.Groups[g]) {
			return fmt.Sprintf("it is only in artifacts whose %s is %s", g, alternatives(only[g])), false
		}
	}
	for _, g := range sortedKeys(notIn) {
		if slices.Contains(notIn[g], a.Groups[g]) {
			return fmt.Sprintf("it is in no artifact whose %s is %s", g, alternatives(notIn[g])), false
		}
	}
	return "", true
}

// alternatives are values as a reader of a document is told them.
func alternatives(values []string) string {
	words := make([]string, len(values))
	for i, v := range values {
		if words[i] = v; v == "" {
			words[i] = "none"
		}
	}
	return strings.Join(words, " or ")
}

// contained returns those of the packages that a binary contains, and adds why the others are not in it.
func contained(list []Metadata, a Artifact, left *[]absence) []Metadata {
	var out []Metadata
	for _, m := range list {
		if why, ok := conditionsHold(m.Only, m.NotIn, a); !ok {
			*left = append(*left, absence{m.Name, m.Version, why})
			continue
		}
		out = append(out, m)
	}
	return out
}

// replaced returns the packages of the base without those that one of deps stands in for.
func replaced(base, deps []Metadata, left *[]absence) []Metadata {
	by := map[string]Metadata{}
	for _, d := range deps {
		for _, label := range d.Replaces {
			by[label] = d
		}
	}
	if len(by) == 0 {
		return base
	}
	var out []Metadata
	for _, m := range base {
		if d, ok := by[m.Label]; ok {
			*left = append(*left, absence{m.Name, m.Version, fmt.Sprintf("%s stands in for it", strings.TrimSpace(d.Name+" "+d.Version))})
			continue
		}
		out = append(out, m)
	}
	return out
}

// checkReplaces reports a replaces that names no package of the base, and two packages that replace one.
func checkReplaces(deps, base []Metadata) error {
	var labels []string
	for _, m := range base {
		labels = append(labels, m.Label)
	}
	var errs diag.List
	for _, d := range deps {
		for i, label := range d.Replaces {
			if slices.Contains(labels, label) {
				continue
			}
			e := &diag.Error{Label: d.Label, Attr: fmt.Sprintf("replaces[%d]", i),
				Msg: fmt.Sprintf("%s is no package of the base SBOM, so that there is nothing to replace%s", label, diag.DidYouMean(label, labels))}
			if len(labels) == 0 {
				e.Msg = fmt.Sprintf("%s cannot be replaced: the SBOM has no base", label)
			}
			errs = append(errs, e)
		}
	}
	return errs.Err()
}

// conditionChecker knows what names of a naming can say. Many packages have the same conditions.
type conditionChecker struct {
	naming   Naming
	groups   []string
	possible map[[2]string]possibility
}

type possibility struct {
	ok       bool
	examples []string
}

func (n Naming) conditionChecker() *conditionChecker {
	return &conditionChecker{n, n.groups(), map[[2]string]possibility{}}
}

// possibly is n.possible, worked out once.
func (c *conditionChecker) possibly(group, value string) possibility {
	k := [2]string{group, value}
	p, known := c.possible[k]
	if !known {
		p.ok, p.examples = c.naming.possible(group, value)
		c.possible[k] = p
	}
	return p
}

// check reports conditions of what label declares that no name can fulfil: on a group that no pattern has, or a value
// that none can give it.
func (c *conditionChecker) check(label string, only, notIn map[string][]string) error {
	var errs diag.List
	for _, of := range []struct {
		attr   string
		groups map[string][]string
	}{{"only", only}, {"not_in", notIn}} {
		for _, g := range sortedKeys(of.groups) {
			if !slices.Contains(c.groups, g) {
				errs = append(errs, &diag.Error{Label: label, Attr: of.attr,
					Msg:   fmt.Sprintf("no pattern of the product's naming has the group %q%s", g, diag.DidYouMean(g, c.groups)),
					Hints: []string{"its groups are " + strings.Join(c.groups, ", ")}})
				continue
			}
			for _, v := range of.groups[g] {
				p := c.possibly(g, v)
				if p.ok {
					continue
				}
				e := &diag.Error{Label: label, Attr: of.attr,
					Msg: fmt.Sprintf("no name can have %s = %s, by the patterns of the product's naming%s", g, strconv.Quote(v), diag.DidYouMean(v, p.examples))}
				if len(p.examples) > 0 {
					e.Hints = []string{"it can be " + quoted(p.examples)}
				}
				errs = append(errs, e)
			}
		}
	}
	return errs.Err()
}

func quoted(values []string) string {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = strconv.Quote(v)
	}
	return strings.Join(words, ", ")
}

// possible reports whether some name gives the group that value, and which values it can have as far as they are few.
func (n Naming) possible(group, value string) (ok bool, examples []string) {
	if group == groupVersion || group == groupBase {
		return true, nil // they are derived, too
	}
	add := func(v string) {
		if !slices.Contains(examples, v) {
			examples = append(examples, v)
		}
	}
	for _, p := range n.patterns() {
		tree, err := syntax.Parse(p, syntax.Perl)
		if err != nil {
			continue // it was told where it was declared
		}
		captures := capturesOf(tree, group)
		if len(captures) == 0 || !alwaysCaptures(tree, group) {
			add("")
			ok = ok || value == ""
		}
		for _, c := range captures {
			if re, err := regexp.Compile(`^(?:` + c.Sub[0].String() + `)$`); err == nil && re.MatchString(value) {
				ok = true
			}
			if words, few := literals(c.Sub[0]); few {
				for _, w := range words {
					add(w)
				}
			}
		}
	}
	slices.Sort(examples)
	return ok, examples
}

// capturesOf are the places where the group is captured.
func capturesOf(re *syntax.Regexp, group string) (out []*syntax.Regexp) {
	if re.Op == syntax.OpCapture && re.Name == group {
		return []*syntax.Regexp{re}
	}
	for _, sub := range re.Sub {
		out = append(out, capturesOf(sub, group)...)
	}
	return out
}

// alwaysCaptures reports whether the group takes part in every match.
func alwaysCaptures(re *syntax.Regexp, group string) bool {
	switch re.Op {
	case syntax.OpCapture:
		return re.Name == group || alwaysCaptures(re.Sub[0], group)
	case syntax.OpConcat:
		return slices.ContainsFunc(re.Sub, func(sub *syntax.Regexp) bool { return alwaysCaptures(sub, group) })
	case syntax.OpAlternate:
		return !slices.ContainsFunc(re.Sub, func(sub *syntax.Regexp) bool { return !alwaysCaptures(sub, group) })
	case syntax.OpPlus:
		return alwaysCaptures(re.Sub[0], group)
	case syntax.OpRepeat:
		return re.Min > 0 && alwaysCaptures(re.Sub[0], group)
	}
	return false
}

// maxLiterals bounds how many texts of a pattern are worked out.
const maxLiterals = 32

// literals are all texts that re matches, if they are few.
func literals(re *syntax.Regexp) (texts []string, few bool) {
	switch re.Op {
	case syntax.OpEmptyMatch:
		return []string{""}, true
	case syntax.OpLiteral:
		return []string{string(re.Rune)}, re.Flags&syntax.FoldCase == 0
	case syntax.OpCharClass:
		for i := 0; i+1 < len(re.Rune); i += 2 {
			for r := re.Rune[i]; r <= re.Rune[i+1]; r++ {
				if texts = append(texts, string(r)); len(texts) > maxLiterals {
					return nil, false
				}
			}
		}
		return texts, true
	case syntax.OpCapture:
		return literals(re.Sub[0])
	case syntax.OpQuest:
		texts, few = literals(re.Sub[0])
		return append(texts, ""), few
	case syntax.OpAlternate:
		for _, sub := range re.Sub {
			more, ok := literals(sub)
			if texts = append(texts, more...); !ok || len(texts) > maxLiterals {
				return nil, false
			}
		}
		return texts, true
	case syntax.OpConcat:
		texts = []string{""}
		for _, sub := range re.Sub {
			tails, ok := literals(sub)
			if !ok || len(texts)*len(tails) > maxLiterals {
				return nil, false
			}
			var longer []string
			for _, t := range texts {
				for _, tail := range tails {
					longer = append(longer, t+tail)
				}
			}
			texts = longer
		}
		return texts, true
	}
	return nil, false
}
