package star

import (
	"fmt"
	"regexp"
	"strings"

	"go.starlark.net/starlark"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/finding"
)

// findingRule is a kind of finding that a workspace's own rule reports, as sbom.star describes it.
type findingRule struct{ rule finding.Rule }

var findingRuleID = regexp.MustCompile(`^[a-z][a-z0-9]*([-_][a-z0-9]+)*$`)

func (f *findingRule) String() string        { return fmt.Sprintf("finding_rule(id = %q)", f.rule.ID) }
func (*findingRule) Type() string            { return "finding_rule" }
func (*findingRule) Freeze()                 {}
func (*findingRule) Truth() starlark.Bool    { return true }
func (f *findingRule) Hash() (uint32, error) { return starlark.String(f.rule.ID).Hash() }

// AttrNames implements starlark.HasAttrs.
func (*findingRule) AttrNames() []string { return []string{"doc", "id", "severity"} }

// Attr implements starlark.HasAttrs.
func (f *findingRule) Attr(name string) (starlark.Value, error) {
	switch name {
	case "doc":
		return starlark.String(joinDoc(f.rule)), nil
	case "id":
		return starlark.String(f.rule.ID), nil
	case "severity":
		return starlark.String(f.rule.Severity.String()), nil
	}
	return nil, nil
}

// makeFindingRule is the builtin finding_rule(id, severity = "error", doc = "").
func makeFindingRule(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	f := &findingRule{}
	severity, doc := "error", ""
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "id", &f.rule.ID, "severity?", &severity, "doc?", &doc); err != nil {
		return nil, err
	}
	if !findingRuleID.MatchString(f.rule.ID) {
		return nil, faultf("finding_rule: %q is no id: expected lower-case words joined by \"-\", such as \"no-http\"", f.rule.ID)
	}
	if err := f.rule.Severity.UnmarshalText([]byte(severity)); err != nil {
		return nil, faultf("finding_rule: severity is %q, expected \"error\", \"warning\" or \"note\"%s", severity, diag.DidYouMean(severity, []string{"error", "warning", "note"}))
	}
	title, help, _ := strings.Cut(cleanDoc(doc), "\n\n")
	f.rule.Title, f.rule.Help = strings.Join(strings.Fields(title), " "), strings.TrimSpace(help)
	return f, nil
}

func joinDoc(r finding.Rule) string { return strings.TrimSuffix(r.Title+"\n\n"+r.Help, "\n\n") }

// FindingRules returns the finding rules that the module defines or hands on in a public global, in the order of the names' definition;
// of several with one id the first.
func FindingRules(m *Module) []finding.Rule {
	var out []finding.Rule
	seen := map[string]bool{}
	for _, name := range m.names {
		if f, ok := m.exported[name].(*findingRule); ok && !seen[f.rule.ID] && !strings.HasPrefix(name, "_") {
			seen[f.rule.ID] = true
			out = append(out, f.rule)
		}
	}
	return out
}
