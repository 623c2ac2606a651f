package star

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sbomctl/sbomctl/engine/label"
)

// Elements are placed where a list or dict is written in the declaring call itself.
func TestAttrPos(t *testing.T) {
	w := newWorld(map[string]string{":rules.star": rulesStar, ":BUILD.star": loadRules + `
thing(
    name = "a", version = "1",
    srcs = ["x", "y",
        "z"],
    env = {"k": "v",
      "l": "w"},
    evidence = [] + [],
)
macro(name = "m", version = "1", srcs = ["x", "y"])
`})
	p := must[*Package](t)(w.pkg(""))
	again := must[*Package](t)(DecodePackage(p.Encode()))
	for _, p := range []*Package{p, again} {
		a, m := p.Site("a"), p.Site("m")
		for attr, want := range map[string]string{
			"srcs": "5:5", "srcs[0]": "5:13", "srcs[1]": "5:18", "srcs[2]": "6:9", "srcs[2][0]": "6:9", "srcs[3]": "5:5",
			"env[0]": "7:12", "env[1]": "8:7", "evidence[0]": "9:5", "nope[0]": "3:1", "nope": "3:1", "": "3:1",
		} {
			if got := a.AttrPos(attr).String(); got != "BUILD.star:"+want {
				t.Errorf("%q: got %s, want %s", attr, got, want)
			}
		}
		// What a macro makes of a list may have other elements.
		if got := m.AttrPos("srcs[1]").String(); got != "BUILD.star:11:34" {
			t.Errorf("below a macro: got %s", got)
		}
	}
}

// What an embedded rule cannot work with is reported where a user can mend it; a rule of the user's own is
// the user's code.
func TestBlame(t *testing.T) {
	const rule = `
def _impl(ctx):
    %s
def _helper(ctx):
    ctx.actions.declare_output("../x")
helper = _helper
r = rule(_impl, attrs = {"srcs": attr.string_list(), "path": attr.string()})
`
	for _, c := range []struct{ impl, embedded, own string }{
		{`ctx.actions.tree(path = ctx.attr.path)`,
			`BUILD.star:2:1: //:a: tree: path "../p" leaves its directory` + "\n  hint: in _impl, at @sbomctl//:e.star:3:21",
			`e.star:3:21: //:a: tree: path "../p" leaves its directory` + "\n  hint: target //:a is declared at BUILD.star:2:1"},
		{`ctx.actions.fileset(ctx.actions.tree(path = "."), ctx.attr.srcs)`,
			`BUILD.star:2:1: //:a: fileset: pattern "/y" is absolute; patterns are relative` + "\n  hint: in _impl, at @sbomctl//:e.star:3:24",
			`e.star:3:24: //:a: fileset: pattern "/y" is absolute; patterns are relative` + "\n  hint: target //:a is declared at BUILD.star:2:1"},
		{`ctx.actions.fileset(ctx.actions.tree(path = "."), ctx.attr.srcs, include_attr = "srcs")`,
			`BUILD.star:2:39: //:a: attribute "srcs": pattern "/y" is absolute; patterns are relative`, ""},
		{`ctx.actions.fileset(ctx.actions.tree(path = "."), ["/x"], include_attr = ["srcs[1]"])`,
			`BUILD.star:2:39: //:a: attribute "srcs": pattern "/x" is absolute; patterns are relative`, ""},
		{`ctx.actions.fileset(ctx.actions.tree(path = "."), ["a"], exclude = ["/x"], exclude_attr = "srcs")`,
			`BUILD.star:2:34: //:a: attribute "srcs": pattern "/x" is absolute; patterns are relative`, ""},
		{`ctx.actions.declare_output("a//b", attr = "name")`,
			`BUILD.star:2:3: //:a: declare_output: "a//b" is not an output's name: it contains "//"`, ""},
		{`1 // 0`,
			`BUILD.star:2:1: //:a: floored division by zero` + "\n  hint: in _impl, at @sbomctl//:e.star:3:7",
			`e.star:3:7: //:a: floored division by zero` + "\n  hint: target //:a is declared at BUILD.star:2:1"},
		{`return 1`,
			`BUILD.star:2:1: //:a: _impl must return a list of providers, and returned an int`,
			`e.star:2:1: //:a: _impl must return a list of providers, and returned an int` + "\n  hint: target //:a is declared at BUILD.star:2:1"},
		// After a check, what follows from the value is no news; what fail() says is.
		{`ctx.check.short(ctx.attr.srcs, "srcs") or ctx.actions.tree(path = "/etc")`,
			`BUILD.star:2:39: //:a: attribute "srcs": "/y" is long`, ""},
		{`ctx.check.short(ctx.attr.path, "path") or fail("no", attr = "srcs[0]")`,
			`BUILD.star:2:46: //:a: attribute "path": "../p" is long` + "\n" + `BUILD.star:2:34: //:a: no`, ""},
	} {
		for module, want := range map[string]string{"@sbomctl//:e.star": c.embedded, "e.star": c.own} {
			if want == "" {
				want = c.embedded
			}
			key, load := module, module
			if module == "e.star" {
				key, load = ":e.star", ":e.star"
			}
			w := newWorld(map[string]string{key: fmt.Sprintf(rule, c.impl), ":BUILD.star": fmt.Sprintf("load(%q, 'r')\n", load) + `r(name = "a", tags = [], srcs = ["x", "/y"], path = "../p")`})
			w.checks = map[string]func(string) error{"short": func(s string) error {
				if len(s) > 1 {
					return fmt.Errorf("%q is long", s)
				}
				return nil
			}}
			_, err := w.analyse(label.Label{Name: "a"})
			if err == nil || err.Error() != want {
				t.Errorf("%s in %s: got\n%v\nwant\n%s", c.impl, module, err, want)
			}
		}
	}
	// The user's rule is to blame for what it gives an embedded function.
	w := newWorld(map[string]string{
		"@sbomctl//:e.star": fmt.Sprintf(rule, "pass"),
		":m.star":           "load('@sbomctl//:e.star', 'helper')\ndef _impl(ctx):\n    helper(ctx)\nr = rule(_impl)",
		":BUILD.star":       "load(':m.star', 'r')\nr(name = 'a')",
	})
	_, err := w.analyse(label.Label{Name: "a"})
	if err == nil || !strings.HasPrefix(err.Error(), "m.star:3:11: //:a: declare_output: ") {
		t.Errorf("got %v", err)
	}
}
