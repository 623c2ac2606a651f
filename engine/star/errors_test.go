package star

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/label"
)

// allDiagnostics fails unless err consists of *diag.Error, each in one line, lower case, without a full stop.
func allDiagnostics(t *testing.T, err error) {
	t.Helper()
	for _, e := range diag.Flatten(err) {
		var d *diag.Error
		if !errors.As(e, &d) {
			t.Errorf("%T is no diagnostic: %v", e, e)
		} else if strings.ContainsAny(d.Msg, "\n") || strings.HasSuffix(d.Msg, ".") {
			t.Errorf("malformed message: %q", d.Msg)
		}
	}
}

func TestPackageErrors(t *testing.T) {
	for name, c := range map[string]struct{ build, want string }{
		"several at once": {`
thing(name = "a", versoin = "1", version = "1")
thing(name = "b", version = 2)
thing(name = "a", version = "1")
thing(name = "a", version = "1")
thing(name = "c")`, `
BUILD.star:3:19: //:a: thing has no attribute "versoin"; did you mean "version"?
BUILD.star:4:19: //:b: attribute "version": expected a string, got an int
BUILD.star:6:7: //:a: target "a" is declared twice; first at BUILD.star:5:1
BUILD.star:7:1: //:c: thing needs the attribute "version"`},
		"values":          {`thing(name = "a", version = "1", kind = "alhpa")`, `BUILD.star:2:34: //:a: attribute "kind": "alhpa" is not allowed; expected "alpha", "beta" or "a"; did you mean "alpha"?`},
		"int values":      {`thing(name = "a", version = "1", count = 7)`, `BUILD.star:2:34: //:a: attribute "count": 7 is not allowed; expected "0", "1" or "2"`},
		"string for list": {`thing(name = "a", version = "1", srcs = "x")`, `BUILD.star:2:34: //:a: attribute "srcs": expected a list of strings, got the string "x"` + "\n  hint: write [\"x\"]"},
		"element":         {`thing(name = "a", version = "1", srcs = ["x", 1])`, `BUILD.star:2:47: //:a: attribute "srcs": [1]: expected a string, got an int`},
		"label":           {`thing(name = "a", version = "1", deps = [":x y"])`, `BUILD.star:2:42: //:a: attribute "deps": [0]: ":x y" is not a label: its name contains a space; letters, digits and _ . + - @ ~ = , / are allowed`},
		"label twice":     {`thing(name = "a", version = "1", deps = [":x", "//:x"])`, `BUILD.star:2:48: //:a: attribute "deps": [1]: //:x is listed twice`},
		"bool":            {`thing(name = "a", version = "1", flag = 1)`, `BUILD.star:2:34: //:a: attribute "flag": expected True or False, got an int`},
		"dict":            {`thing(name = "a", version = "1", env = {"a": 1})`, `BUILD.star:2:41: //:a: attribute "env": ["a"]: expected a string, got an int`},
		"struct":          {`thing(name = "a", version = "1", evidence = ["x"])`, `BUILD.star:2:46: //:a: attribute "evidence": [0]: expected a struct, got a string`},
		"function":        {`thing(name = "a", version = "1", extra = regex)`, `BUILD.star:2:34: //:a: attribute "extra": a function cannot be kept in a provider or attribute; None, bool, int, string, list, dict, struct, label, file, tree, file set and provider can`},
		"float":           {`thing(name = "a", version = "1", extra = 1.5)`, `BUILD.star:2:34: //:a: attribute "extra": a float cannot be kept in a provider or attribute; None, bool, int, string, list, dict, struct, label, file, tree, file set and provider can`},
		"name all":        {`empty(name = "all")`, `BUILD.star:2:7: "all" is not a target name: "all" is no target's name, since //package:all means every target of the package`},
		"no name":         {`empty()`, `BUILD.star:2:1: empty needs the attribute "name"`},
		"positional":      {`empty("x")`, `BUILD.star:2:6: empty: arguments must be named, as in name = "x"`},
		"unknown rule":    {`thign(name = "a")`, `BUILD.star:2:1: name "thign" is not defined; did you mean "thing"?`},
		"unloaded rule":   {`embedded_rule(name = "a")`, "BUILD.star:2:1: name \"embedded_rule\" is not defined\n  hint: load(\"@sbomctl//:rules.star\", \"embedded_rule\")"},
		"two names":       {"foo()\nbar()", "BUILD.star:2:1: name \"foo\" is not defined\nBUILD.star:3:1: name \"bar\" is not defined"},
		"def":             {"def f(): pass\nx = lambda: 1", "BUILD.star:2:1: def f in a BUILD.star; functions are defined in .star files\n  hint: move it to a .star file and write load(\":name.star\", \"function\")\nBUILD.star:3:5: lambda in a BUILD.star; functions are defined in .star files\n  hint: move it to a .star file and write load(\":name.star\", \"function\")"},
		"for":             {"for x in []: pass", "BUILD.star:2:1: for loop not within a function"},
		"syntax":          {`thing(name = `, "BUILD.star:2:14: syntax error: got end of file, want primary expression"},
		"runtime":         {`x = 1 + "a"`, `BUILD.star:2:7: unknown binary op: int + string`},
		"macro": {`macro(name = "m", verzion = "1", version = "1")`, `BUILD.star:2:19: //:m: thing has no attribute "verzion"; did you mean "version"?
  hint: in inner, at rules.star:58:10
  hint: in macro, at rules.star:56:10`},
		"macro runtime": {`macro()`, "BUILD.star:2:6: function macro missing 1 argument (name)"},
		"glob":          {`x = glob(["bad["])`, `BUILD.star:2:9: glob: pattern "bad[" is malformed`},
		"glob outside":  {`x = glob(["../*"])`, `BUILD.star:2:9: glob: pattern "../*" leaves its directory`},
		"glob empty":    {`x = glob(["*.x"], allow_empty = False)`, `BUILD.star:2:9: glob: no file matches "*.x"`},
		"visibility":    {`empty(name = "a", visibility = ["//visibility:publik"])`, `BUILD.star:2:19: //:a: attribute "visibility": "//visibility:publik" is not a visibility; expected "//visibility:public", "//visibility:private", "//visibility:__pkg__" or "//visibility:__subpackages__"; did you mean "//visibility:public"?`},
		"late package":  {"empty(name = \"a\")\npackage()", "BUILD.star:3:8: package() must come once, before the first target"},
		"fail":          {`fail("no", 1, "way")`, "BUILD.star:2:5: no 1 way"},
		"field":         {`x = Info(verison = "1")`, `BUILD.star:2:9: provider Info has no field "verison"; did you mean "version"?`},
	} {
		w := newWorld(map[string]string{":rules.star": rulesStar, ":BUILD.star": loadRules + strings.TrimPrefix(c.build, "")})
		_, err := w.pkg("")
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		if got, want := err.Error(), strings.TrimPrefix(c.want, "\n"); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
		allDiagnostics(t, err)
	}
}

func TestLoadErrors(t *testing.T) {
	w := newWorld(map[string]string{
		":rules.star": rulesStar, "p:broken.star": "x = unknown",
		"p:BUILD.star": `load("//:rules.star", "thnig")
load("//:nothing.star", "x")
load("broken", "x")
load("//a/../b:c.star", "x")
load(":BUILD.star", "x")
load(":broken.star", "x")`,
		"q:BUILD.star": `load("//:rules.star", "_thing")`,
	})
	_, err := w.pkg("p")
	want := `p/BUILD.star:1:24: //:rules.star does not define "thnig"; did you mean "thing"?
p/BUILD.star:2:6: no file //:nothing.star
p/BUILD.star:3:6: "broken" cannot be loaded: only .star files other than BUILD.star can
p/BUILD.star:4:6: "//a/../b:c.star" is not a label: its package has a segment ".."
p/BUILD.star:5:6: ":BUILD.star" cannot be loaded: only .star files other than BUILD.star can
p/broken.star:1:5: name "unknown" is not defined`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	if _, err := w.pkg("q"); err == nil || !strings.Contains(err.Error(), "leading underscore") {
		t.Errorf("got %v", err)
	}
}

func TestModuleErrors(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"unexported":      {"def f(ctx): pass\nx = [rule(f)]\nx[0](name = 'a')", "can only be called while a BUILD.star is evaluated"},
		"two parameters":  {"def f(ctx, x): pass\nr = rule(f)", "m.star:2:9: rule: the implementation must have one parameter, ctx; f has 2"},
		"attrs":           {"def f(ctx): pass\nr = rule(f, attrs = {'a': 1})", `m.star:2:9: rule: attrs must be a dict from names to attr.<type>(...), and "a" is an int`},
		"implicit":        {"def f(ctx): pass\nr = rule(f, attrs = {'name': attr.string()})", `m.star:2:9: rule: attribute "name" is one that every rule has`},
		"attribute name":  {"def f(ctx): pass\nr = rule(f, attrs = {'a b': attr.string()})", `"a b" is not an attribute name`},
		"attr type":       {"x = attr.strng()", "m.star:1:9: module has no .strng field or method (did you mean .string?)"},
		"attr argument":   {"x = attr.string(mandatry = True)", "m.star:1:16: attr.string: unexpected keyword argument \"mandatry\" (did you mean mandatory?)"},
		"default":         {"x = attr.string(default = 1)", "m.star:1:16: attr.string: default: expected a string, got an int"},
		"default value":   {"x = attr.string(default = 'a', values = ['b'])", `m.star:1:16: attr.string: default: "a" is not allowed; expected "b"`},
		"mandatory":       {"x = attr.string(default = 'a', mandatory = True)", "a mandatory attribute has no default"},
		"providers":       {"x = attr.label(providers = ['a'])", "providers must be a list of providers, not of string"},
		"values":          {"x = attr.string(values = [1])", "values must be a list of strings, not of int"},
		"provider":        {"P = provider(fields = [1])", "provider: fields must be a list of names, or a dict from names to docs"},
		"provider unused": {"x = provider(fields = ['a'])(a = 1)", "a provider must be assigned to a global variable"},
		"recursion":       {"def f(): f()\nf()", "m.star:1:11: function f called recursively\n  hint: in f, called at m.star:2:2"},
		"glob":            {"x = glob(['*'])", "glob can only be called while a BUILD.star is evaluated"},
		"while":           {"def f():\n  while True: pass", "does not support while"},
		"reassign":        {"x = 1\nx = 2", "cannot reassign"},
		"hermetic":        {"x = time.now()", `name "time" is not defined`},
		"guard name":      {"x = <*>(1)", "syntax error"},
	} {
		w := newWorld(map[string]string{":m.star": c.text})
		_, err := w.load(label.Label{Name: "m.star"})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got\n%v\nwant\n%s", name, err, c.want)
			continue
		}
		allDiagnostics(t, err)
	}
}

func TestFrozen(t *testing.T) {
	w := newWorld(map[string]string{":m.star": "l = []\ndef f(): l.append(1)", ":BUILD.star": "load(\":m.star\", \"f\")\nf()"})
	if _, err := w.pkg(""); err == nil || err.Error() != "m.star:2:18: append: cannot append to frozen list\n  hint: in f, called at BUILD.star:2:2" {
		t.Errorf("got %v", err)
	}
}

func TestAnalysisErrors(t *testing.T) {
	for name, c := range map[string]struct{ impl, want string }{
		"fail":              {`fail("no way", attr = "s")`, `BUILD.star:2:15: //:a: no way`},
		"fail at target":    {`fail("no way.\nrun this")`, "BUILD.star:2:1: //:a: no way\n  hint: run this"},
		"runtime":           {`return 1 // 0`, "r.star:4:14: //:a: floored division by zero\n  hint: target //:a is declared at BUILD.star:2:1"},
		"unknown attribute": {`ctx.attr.t`, `r.star:4:13: //:a: rule w has no attribute "t"; did you mean "d"?`},
		"unknown ctx":       {`ctx.actoins`, `ctx has no .actoins field or method (did you mean .actions?)`},
		"result":            {`return 1`, `r.star:3:1: //:a: impl must return a list of providers, and returned an int`},
		"element":           {`return [1]`, `impl must return a list of providers, and returned an int`},
		"twice":             {`return [P(x = 1), P(x = 2)]`, `impl returned P twice`},
		"not data":          {`return [P(x = impl)]`, `provider P: a function cannot be kept`},
		"target kept":       {`return [P(x = ctx.attr.d)]`, `provider P: a target cannot be kept in a provider or attribute; keep its label, files or providers`},
		"ctx kept":          {`return [P(x = ctx)]`, `a ctx cannot be kept`},
		"unwritten":         {`ctx.actions.declare_output("x")`, `r.star:4:31: //:a: output "x" is declared, but no action writes it`},
		"claimed twice":     {"ctx.actions.declare_output('x')\n    ctx.actions.declare_output('x')", `r.star:5:31: //:a: output "x" is claimed twice by //:a; first at r.star:4:31`},
		"output path":       {`ctx.actions.declare_output("../x")`, `declare_output: "../x" is not an output's name: it has a segment ".."`},
		"written twice":     {"o = ctx.actions.declare_output('x')\n    ctx.actions.run('a.b', outputs = {'o': o})\n    ctx.actions.write(o, '')", `write: output "x" is written by two actions, a.b and engine.write`},
		"used early":        {"o = ctx.actions.declare_output('x')\n    ctx.actions.validate('a.b', inputs = {'o': o})", `validate: input "o": <output x> is used before an action writes it`},
		"foreign output":    {`ctx.actions.run("a.b", outputs = {"o": ctx.attr.d.files[0]})`, `run: output "o": <output d> is not an output that this target declared`},
		"no output":         {`ctx.actions.run("a.b")`, "run: action a.b has no output\n  hint: an action that only checks something is ctx.actions.validate(...)"},
		"operation":         {`ctx.actions.validate("spdx")`, `"spdx" is not an operation's name`},
		"float parameter":   {`ctx.actions.validate("a.b", params = {"x": {"y": 1.5}})`, `validate: params: x: y: a float is no parameter`},
		"file parameter":    {`ctx.actions.validate("a.b", params = {"x": ctx.attr.d.files})`, `a File is an input, not a parameter`},
		"input":             {`ctx.actions.validate("a.b", inputs = {"x": 1})`, `validate: input "x": expected a file, file set, tree, target or a list of these, got an int`},
		"tree":              {`ctx.actions.tree()`, `tree: exactly one of path and archive must be given`},
		"tree path":         {`ctx.actions.tree(path = "/etc")`, `path "/etc" is absolute`},
		"tree escape":       {`ctx.actions.tree(path = "a/../..")`, `leaves its directory`},
		"tree archive":      {`ctx.actions.tree(archive = ctx.attr.e)`, `tree: //:e (an e) has 0 files, and an archive is one`},
		"fileset":           {`ctx.actions.fileset(ctx.actions.tree(path = "."), include = ["/x"])`, `fileset: pattern "/x" is absolute`},
		"provider":          {`ctx.attr.d[P2]`, `//:d (a d) does not provide P2; it provides P`},
		"provider none":     {`ctx.attr.e[P]`, `//:e (an e) does not provide P; it provides nothing but files`},
		"index":             {`ctx.attr.d["P"]`, `a target is indexed by a provider, not by a string`},
		"option":            {`ctx.option("epoch")`, `no build option "epoch"`},
		"check":             {"ctx.check.even('xxx', attr = 's')\n    ctx.check.even('x')", "BUILD.star:2:15: //:a: attribute \"s\": \"xxx\" is odd\nBUILD.star:2:1: //:a: \"x\" is odd"},
		"unknown check":     {`ctx.check.evne("x")`, `ctx.check has no .evne field or method`},
		"frozen":            {`ctx.attr.l.append("x")`, `cannot append to frozen list`},
		"DefaultInfo":       {`return DefaultInfo(files = [1])`, `DefaultInfo: files: expected a file`},
	} {
		w := newWorld(map[string]string{":r.star": `P = provider()
P2 = provider()
def impl(ctx):
    ` + c.impl + `
def _d(ctx):
    o = ctx.actions.declare_output("d")
    ctx.actions.write(o, "")
    return [DefaultInfo(files = [o]), P(x = 1)]
def _e(ctx): pass
w = rule(impl, attrs = {"s": attr.string(), "l": attr.string_list(), "d": attr.label(), "e": attr.label()})
d = rule(_d)
e = rule(_e)
`, ":BUILD.star": `load(":r.star", "d", "e", "w")
w(name = "a", s = "x", l = ["y"], d = ":d", e = ":e")
d(name = "d")
e(name = "e")
`})
		w.checks = map[string]func(string) error{"even": func(s string) error {
			if len(s)%2 != 0 {
				return fmt.Errorf("%q is odd", s)
			}
			return nil
		}}
		_, err := w.analyse(label.Label{Name: "a"})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got\n%v\nwant\n%s", name, err, c.want)
			continue
		}
		allDiagnostics(t, err)
	}
}

func TestDependencyErrors(t *testing.T) {
	files := map[string]string{
		":rules.star": rulesStar,
		":BUILD.star": loadRules + `
thing(name = "missing", version = "1", deps = [":nothing", ":void", "//p:hidden"])
thing(name = "wrong", version = "1", dep = ":void")
thing(name = "fine", version = "1", deps = ["//p:sub"], data = ["x.txt"], dep = "//p:pub")
thing(name = "file", version = "1", deps = ["x.txt"])
thing(name = "indirect", version = "1", deps = ["//p:narrow"])
empty(name = "void")
`,
		"p:BUILD.star": `load("//:rules.star", "thing", "other")
package(default_visibility = ["//visibility:private"])
thing(name = "hidden", version = "1")
other(name = "pub", visibility = ["//visibility:public"])
thing(name = "sub", version = "1", visibility = ["//:__subpackages__"])
thing(name = "narrow", version = "1", visibility = ["//q:__pkg__"])
`}
	for name, want := range map[string]string{
		"missing": `BUILD.star:3:48: //:missing: no target //:nothing
BUILD.star:3:60: //:missing: attribute "deps" wants a target that provides Info, and //:void (an empty) does not; it provides nothing but files
  hint: //:void is declared at BUILD.star:8:1
BUILD.star:3:69: //:missing: //p:hidden is not visible from //; its visibility is //visibility:private
  hint: //p:hidden is declared at p/BUILD.star:3:1
  hint: add "//:__pkg__" to its visibility`,
		"wrong": `BUILD.star:4:38: //:wrong: attribute "dep" wants a target that provides Info or Other, and //:void (an empty) does not; it provides nothing but files
  hint: //:void is declared at BUILD.star:8:1`,
		"fine":     "",
		"file":     `BUILD.star:6:45: //:file: //:x.txt is a source file, and attribute "deps" wants a target`,
		"indirect": "BUILD.star:7:49: //:indirect: //p:narrow is not visible from //; its visibility is //q:__pkg__\n  hint: //p:narrow is declared at p/BUILD.star:6:1\n  hint: add \"//:__pkg__\" to its visibility",
	} {
		_, err := newWorld(files).analyse(label.Label{Name: name})
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
	}
	p := must[*Package](t)(newWorld(files).pkg(""))
	if got := p.Missing("wrogn").Error(); got != `no target //:wrogn; did you mean "//:wrong"? (BUILD.star declares 6 targets)` {
		t.Error(got)
	}
}

func TestVisible(t *testing.T) {
	for _, c := range []struct {
		spec, from string
		want       bool
	}{
		{"", "x", true}, {private, "x", false}, {private, "own", true}, {public, "x", true}, {"//a:__pkg__", "a", true},
		{"//a:__pkg__", "a/b", false}, {"//a:__subpackages__", "a/b", true}, {"//a:__subpackages__", "ab", false}, {"//:__subpackages__", "x", true},
	} {
		if got := visible(strings.Fields(c.spec), "own", c.from); got != c.want {
			t.Errorf("%s from %s: %v", c.spec, c.from, got)
		}
	}
}
