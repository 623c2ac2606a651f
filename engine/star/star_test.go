package star

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"testing"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/label"
)

// world is a workspace in memory: files by label, modules loaded once.
type world struct {
	files   map[string]string
	modules map[label.Label]*Module
	checks  map[string]func(string) error
	options map[string]string
}

func newWorld(files map[string]string) *world {
	return &world{files: files, modules: map[label.Label]*Module{}}
}

func (w *world) load(l label.Label) (*Module, error) {
	if m := w.modules[l]; m != nil {
		return m, nil
	}
	text, ok := w.files[strings.TrimPrefix(l.String(), "//")]
	if !ok {
		return nil, &diag.Error{Msg: "no file " + l.String()}
	}
	m, err := ExecModule(context.Background(), Source{Label: l, Bytes: []byte(text)}, w.load)
	if err == nil {
		w.modules[l] = m
	}
	return m, err
}

func (w *world) pkg(name string) (*Package, error) {
	file := label.Label{Pkg: name, Name: "BUILD.star"}
	src := Source{Label: file, Bytes: []byte(w.files[strings.TrimPrefix(file.String(), "//")]),
		Suggest: func(name string) []string {
			if name == "embedded_rule" {
				return []string{`load("@sbomctl//:rules.star", "embedded_rule")`}
			}
			return nil
		},
	}
	return ExecPackage(context.Background(), PackageInput{
		Name: name, Source: src, Load: w.load,
		Glob: func(include, exclude []string) ([]string, error) {
			if include[0] == "bad[" {
				return nil, &diag.Error{Msg: `pattern "bad[" is malformed`}
			}
			var out []string
			for _, f := range []string{"a.txt", "b.txt", "c.md"} {
				in, _ := path.Match(include[0], f)
				if len(exclude) > 0 {
					if out, _ := path.Match(exclude[0], f); out {
						in = false
					}
				}
				if in {
					out = append(out, f)
				}
			}
			return out, nil
		},
	})
}

// analyse analyses a target and what it depends on.
func (w *world) analyse(l label.Label) (*Target, error) {
	p, err := w.pkg(l.Pkg)
	if err != nil {
		return nil, err
	}
	d := p.Target(l.Name)
	if d == nil {
		return nil, p.Missing(l.Name)
	}
	module, err := d.Module()
	if err != nil {
		return nil, err
	}
	m, err := w.load(module)
	if err != nil {
		return nil, err
	}
	r := m.Rule(d.RuleName())
	deps := map[label.Label]*Target{}
	for _, dep := range d.Deps() {
		dp, err := w.pkg(dep.Label.Pkg)
		if err == nil && dp.Target(dep.Label.Name) == nil {
			if strings.HasSuffix(dep.Label.Name, ".txt") {
				deps[dep.Label] = SourceFile(dep.Label)
			}
			continue
		}
		if deps[dep.Label], err = w.analyse(dep.Label); err != nil {
			return nil, err
		}
	}
	return Analyse(context.Background(), AnalysisInput{
		Declaration: d, Rule: r, Deps: deps, Checks: w.checks,
		Option: func(name string) (string, error) {
			if v, ok := w.options[name]; ok {
				return v, nil
			}
			return "", &diag.Error{Msg: fmt.Sprintf("no build option %q", name)}
		},
		Site: func(l label.Label) Site {
			p, err := w.pkg(l.Pkg)
			if err != nil {
				return Site{}
			}
			return p.Site(l.Name)
		},
	})
}

const rulesStar = `
"""Rules for the tests."""
Info = provider(doc = "What a thing says.", fields = {"version": "The version.", "tree": "Its tree.", "files": "", "evidence": ""})
Other = provider(fields = ["x"])

def regex(path, pattern, pos = None):
    """Finds a version.

    In a file.
    """
    return struct(path = path, pattern = pattern)

def _thing(ctx):
    out = ctx.actions.declare_output(ctx.label.name + ".json")
    tree = ctx.actions.tree(path = "src")
    files = ctx.actions.fileset(tree, include = ctx.attr.srcs or ["**"])
    ctx.actions.run("spdx.make",
        params = {"version": ctx.attr.version, "evidence": ctx.attr.evidence, "b": True, "a": [1, None, "<&\n"]},
        inputs = {"files": files, "all": ctx.actions.members(tree), "deps": [d.files for d in ctx.attr.deps]},
        outputs = {"out": out}, mnemonic = "Thing")
    ctx.actions.validate("spdx.check", inputs = {"doc": out})
    return [DefaultInfo(files = [out]), Info(version = ctx.attr.version, tree = tree, files = files, evidence = ctx.attr.evidence)]

thing = rule(
    implementation = _thing,
    doc = "Makes a thing.",
    attrs = {
        "version": attr.string(mandatory = True, doc = "Its version."),
        "kind": attr.string(default = "a", values = ["alpha", "beta", "a"]),
        "count": attr.int(values = [0, 1, 2]),
        "flag": attr.bool(),
        "srcs": attr.string_list(),
        "deps": attr.label_list(providers = [Info]),
        "dep": attr.label(providers = [[Info], [Other]]),
        "data": attr.label_list(allow_files = True),
        "env": attr.string_dict(),
        "named": attr.label_dict(),
        "keyed": attr.label_keyed_string_dict(),
        "evidence": attr.struct_list(),
        "extra": attr.any(),
    },
)

def _other(ctx):
    return [Other(x = ctx.label)]
other = rule(implementation = _other)
def _empty(ctx):
    pass
empty = rule(implementation = _empty)

def _alias(ctx):
    return [ctx.attr.actual]
alias = rule(implementation = _alias, attrs = {"actual": attr.label(mandatory = True)})

def macro(name, **kwargs):
    inner(name = name, **kwargs)
def inner(name, **kwargs):
    thing(name = name, **kwargs)
`

const loadRules = `load("//:rules.star", "Info", "alias", "empty", "macro", "other", "regex", "thing")
`

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func TestWholeWay(t *testing.T) {
	w := newWorld(map[string]string{":rules.star": rulesStar, ":BUILD.star": "# a comment\n" + strings.Replace(loadRules, `"Info", `, "", 1) + `
thing(name = "expat", version = "2.8.2", srcs = ["Modules/**"], tags = ["manual"],
      evidence = [regex("a.h", "x(?P<version>.)")], env = {"k": "v"}, extra = {"a": (1, -2, 1 << 80)})
[thing(name = "t%d" % i, version = str(i), deps = [":expat"]) for i in range(3)]
macro(name = "m", version = "1")
alias(name = "al", actual = ":expat")
print("hello")
`})
	p := must[*Package](t)(w.pkg(""))
	if len(p.Targets()) != 6 || p.Targets()[1].Label.String() != "//:t0" {
		t.Fatalf("targets: %v", p.Targets())
	}
	if fmt.Sprint(p.Warnings) != "[BUILD.star:9:6: hello]" {
		t.Errorf("warnings: %q", p.Warnings)
	}
	d := p.Target("expat")
	if d.Rule != "//:rules.star%thing" || d.RuleName() != "thing" || fmt.Sprint(d.Tags()) != "[manual]" {
		t.Errorf("declaration: %+v", d)
	}
	want := `[{env {"k": "v"}} {evidence [struct(path = "a.h", pattern = "x(?P<version>.)")]} ` +
		`{extra {"a": [1, -2, 1208925819614629174706176]}} {srcs ["Modules/**"]} {tags ["manual"]} {version "2.8.2"}]`
	if got := fmt.Sprint(d.Attrs()); got != want {
		t.Errorf("attributes:\n%s, want\n%s", got, want)
	}
	if s := p.Site("expat"); s.Pos.String() != "BUILD.star:4:1" || s.AttrPos("version").String() != "BUILD.star:4:23" || s.AttrPos("kind") != s.Pos {
		t.Errorf("site: %+v", s)
	}
	if s := p.Site("m"); s.Pos.String() != "BUILD.star:7:1" || fmt.Sprint(s.Hints()) != "[in inner, at rules.star:58:10 in macro, at rules.star:56:10]" {
		t.Errorf("site of a macro: %+v", s)
	}
	again := must[*Package](t)(DecodePackage(p.Encode()))
	if string(again.Encode()) != string(p.Encode()) || again.Site("m").Pos.String() != "BUILD.star:7:1" || again.Target("t2") == nil || again.Target("x") != nil {
		t.Error("package does not survive encoding")
	}

	target := must[*Target](t)(w.analyse(label.Label{Name: "t1"}))
	if got := fmt.Sprint(target.Deps); got != "[//:expat]" {
		t.Errorf("deps: %s", got)
	}
	acts := target.Actions()
	if len(acts) != 2 || acts[0].Mnemonic != "Thing" || !acts[1].Validation || acts[1].Mnemonic != "spdx.check" {
		t.Fatalf("actions: %+v", acts)
	}
	if got := string(acts[0].Params); got != `{"a":[1,null,"<&\n"],"b":true,"evidence":[],"version":"1"}` {
		t.Errorf("params: %s", got)
	}
	in := acts[0].Inputs
	if len(in) != 3 || in[0].Name != "all" || !in[0].Refs[0].FileSet.Members || in[1].Refs[0].Artifact.Path != "expat.json" ||
		in[2].Refs[0].FileSet.Include[0] != "**" || in[2].Refs[0].FileSet.Tree.Path != "src" || !in[2].Refs[0].FileSet.Tree.AutoStrip {
		t.Errorf("inputs: %+v", in)
	}
	if a := target.Files()[0]; a != (Artifact{Owner: target.Label, Action: 0, Output: "out", Path: "t1.json"}) || a.Source() {
		t.Errorf("files: %+v", a)
	}
	al := must[*Target](t)(w.analyse(label.Label{Name: "al"}))
	info := al.Provider("//:rules.star%Info")
	if v, _ := info.Attr("version"); v.String() != `"2.8.2"` || al.Files()[0].Owner.Name != "expat" {
		t.Errorf("alias: %v", info)
	}
	if b := must[*Target](t)(DecodeTarget(al.Encode())); string(b.Encode()) != string(al.Encode()) || fmt.Sprint(b.Providers()) != "[//:rules.star%Info]" {
		t.Error("target does not survive encoding")
	}
}

func TestDeterminism(t *testing.T) {
	build := loadRules + `
[thing(name = "t%d" % i, version = "1", env = {"z": "1", "a": "2"}, deps = []) for i in range(20)]
alias(name = "al", actual = ":t3")
`
	encode := func(text string) (string, string) {
		w := newWorld(map[string]string{":rules.star": rulesStar, ":BUILD.star": text})
		p := must[*Package](t)(w.pkg(""))
		return string(p.Target("al").Encode()) + string(p.Target("t3").Encode()), string(must[*Target](t)(w.analyse(label.Label{Name: "al"})).Encode())
	}
	d1, t1 := encode(build)
	for _, text := range []string{build, "# comment\n\n" + build, strings.Replace(build, `version = "1", env = {"z": "1", "a": "2"}`, `env = {"z": "1", "a": "2"}, version = "1"`, 1)} {
		if d2, t2 := encode(text); d1 != d2 || t1 != t2 {
			t.Errorf("a comment or the order of arguments changed the result")
		}
	}
	if d2, _ := encode(strings.Replace(build, `"1", env`, `"2", env`, 1)); d1 == d2 {
		t.Error("a changed attribute changed nothing")
	}
}

func TestDiff(t *testing.T) {
	decl := func(args string) []byte {
		w := newWorld(map[string]string{":rules.star": rulesStar, ":BUILD.star": loadRules + args})
		return must[*Package](t)(w.pkg("")).Target("a").Encode()
	}
	a := decl(`thing(name = "a", version = "1", kind = "beta", srcs = ["x"])`)
	b := decl(`thing(name = "a", version = "2", flag = True, srcs = ["x"])`)
	want := `[{flag  True} {kind "beta" } {version "1" "2"}]`
	if got := fmt.Sprint(DiffDeclarations(a, b)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := fmt.Sprint(DiffDeclarations(a, decl(`empty(name = "a")`))); !strings.HasPrefix(got, "[{rule //:rules.star%thing //:rules.star%empty} {kind") {
		t.Errorf("rule: %s", got)
	}
	if DiffDeclarations(a, a) != nil || DiffDeclarations(a, []byte("x")) != nil {
		t.Error("differences where there are none")
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := ExecModule(ctx, Source{Label: label.Label{Name: "x.star"}, Bytes: []byte("x = [i for i in range(1000000)]")}, nil)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestWrite(t *testing.T) {
	w := newWorld(map[string]string{":r.star": `
def _impl(ctx):
    ctx.actions.write(ctx.actions.declare_output("x"), "hi")
w = rule(implementation = _impl)`, ":BUILD.star": "load(':r.star', 'w')\nw(name = 'a')"})
	a := must[*Target](t)(w.analyse(label.Label{Name: "a"})).Actions()[0]
	if got := string(a.Params); got != `{"content":"hi"}` || a.Operation != OpWrite {
		t.Errorf("write: %s", got)
	}
}

func TestDocs(t *testing.T) {
	w := newWorld(map[string]string{":rules.star": rulesStar})
	m := must[*Module](t)(w.load(label.Label{Name: "rules.star"}))
	d := Docs(m)
	if m.Doc() != "Rules for the tests." || len(d) != 4 || d[0].Name != "thing" || d[0].Doc != "Makes a thing." {
		t.Fatalf("docs: %+v", d)
	}
	var lines []string
	for _, a := range d[0].Attrs {
		lines = append(lines, fmt.Sprintf("%s %s %v %s %v %v", a.Name, a.Type, a.Mandatory, a.Default, a.Values, a.Providers))
	}
	got := strings.Join(lines, "\n")
	for _, want := range []string{"name string true  [] []\nversion string true  [] []\ncount int false 0 [0 1 2] []\n",
		`kind string false "a" ["alpha" "beta" "a"] []`, "dep label false None [] [Info Other]", "\nvisibility string_list false [] [] []"} {
		if !strings.Contains(got, want) {
			t.Errorf("attributes lack %q:\n%s", want, got)
		}
	}
	f := FunctionDocs(m)
	if f[0].Signature != "regex(path, pattern, pos = None)" || f[0].Doc != "Finds a version.\n\nIn a file." || f[1].Signature != "macro(name, **kwargs)" {
		t.Errorf("functions: %+v", f)
	}
	if p := ProviderDocs(m); len(p) != 2 || p[0].Doc != "What a thing says." || p[0].Fields[3] != (FieldDoc{"version", "The version."}) {
		t.Errorf("providers: %+v", p)
	}
}

func TestLoads(t *testing.T) {
	src := Source{Label: label.Label{Pkg: "p", Name: "BUILD.star"}, Bytes: []byte("load(\":a.star\", \"x\")\nload(\"@sbomctl//:b.star\", \"y\")\nthing(name = \"n\")\nload(\"/x\", \"z\")\nthing(name = v)")}
	if got := fmt.Sprint(Loads(&src)); got != "[{//p:a.star p/BUILD.star:1:6 [x]} {@sbomctl//:b.star p/BUILD.star:2:6 [y]}]" {
		t.Errorf("got %s", got)
	}
}
