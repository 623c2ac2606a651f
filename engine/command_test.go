package engine

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/cache/reapi"
	"github.com/sbomctl/sbomctl/engine/action"
)

// commandRules have a rule that runs a command over files of the tree and of other targets.
var commandRules = RuleSet{
	Modules: map[string][]byte{"rules.star": []byte(`
def _cmd(ctx):
    tree = ctx.actions.tree(path = "tree")
    outs = {o: ctx.actions.declare_output(ctx.label.name + "/" + o) for o in ctx.attr.outs or ["out"]}
    ctx.actions.run_container(
        image = struct(repository = "example.com/tool", tag = ctx.attr.tag, digest = "sha256:" + ctx.attr.digest * 64, oci_layout = ctx.attr.layout),
        platform = "linux/" + ctx.attr.arch,
        command = ctx.attr.command,
        env = {"WORD": ctx.attr.word} if ctx.attr.word else {},
        network = ctx.attr.network,
        inputs = dict(
            [("", ctx.actions.fileset(tree, ctx.attr.srcs))] +
            [(k, f) for k, f in zip(ctx.attr.at, ctx.attr.deps)]),
        outputs = outs,
    )
    return [DefaultInfo(files = outs.values())]

cmd = rule(implementation = _cmd, attrs = {
    "arch": attr.string(default = "amd64"),
    "command": attr.string_list(default = ["/bin/cat"]),
    "digest": attr.string(default = "a"),
    "tag": attr.string(),
    "layout": attr.string(),
    "network": attr.bool(),
    "word": attr.string(),
    "srcs": attr.string_list(),
    "outs": attr.string_list(),
    "deps": attr.label_list(allow_files = True),
    "at": attr.string_list(),
})
`)},
}

// cat is a Runner whose commands write the files of their tree, in the order of paths, to each of their outputs.
type cat struct {
	store cache.Store
	mu    sync.Mutex
	specs []*action.Spec
}

func (c *cat) Run(ctx context.Context, s *action.Spec) (*reapi.ActionResult, error) {
	c.mu.Lock()
	c.specs = append(c.specs, s)
	c.mu.Unlock()
	var files []action.File
	for _, in := range s.Inputs {
		files = append(files, in.Files...)
	}
	slices.SortFunc(files, func(a, b action.File) int { return strings.Compare(a.Path, b.Path) })
	var text strings.Builder
	for _, f := range files {
		r, err := action.Open(ctx, c.store, f)
		if err != nil {
			return nil, err
		}
		b, err := io.ReadAll(r)
		r.Close()
		if err != nil {
			return nil, err
		}
		mode := ""
		if f.Executable {
			mode = "*"
		}
		fmt.Fprintf(&text, "%s%s=%s;", f.Path, mode, strings.TrimSpace(string(b)))
	}
	for _, v := range s.Environment {
		if v.Name == "WORD" {
			text.WriteString(v.Value)
		}
	}
	ar := &reapi.ActionResult{}
	if s.Command[0] == "fail" {
		ar.ExitCode, ar.Stderr = 2, []byte("no good\n")
	}
	for _, o := range s.Outputs {
		b := []byte(text.String())
		f := reapi.OutputFile{Path: o, Digest: cache.Of(b), Executable: strings.HasSuffix(o, ".sh")}
		if len(b) > action.MaxInline {
			if _, err := c.store.Put(ctx, b); err != nil {
				return nil, err
			}
		} else {
			f.Contents = b
		}
		ar.OutputFiles = append(ar.OutputFiles, f)
	}
	return ar, nil
}

// commandFixture is a workspace of commandRules whose commands cat runs.
func commandFixture(t *testing.T) (*fixture, *cat) {
	f := newFixture(t, map[string]string{"tree/a": "1", "tree/b": "2"})
	f.opt.Rules = commandRules
	store, err := cache.OpenDisk(f.opt.CacheDir, func(m string) { t.Log("warning:", m) })
	if err != nil {
		t.Fatal(err)
	}
	c := &cat{store: store}
	f.opt.Commands = c
	return f, c
}

func (f *fixture) commands(build string) {
	f.write("BUILD.star", "load(\"@sbomctl//:rules.star\", \"cmd\")\n"+build)
}

// TestCommandRuns: a command runs again when its image, its arguments, its environment, its platform or a file of its tree changes, and for nothing else.
func TestCommandRuns(t *testing.T) {
	f, c := commandFixture(t)
	const x = `cmd(name = "x", srcs = ["a"]`
	step := func(what string, runs int, build, want string) {
		t.Helper()
		f.commands(build)
		before := len(c.specs)
		ran, err := f.build("//:x")
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if n := len(c.specs) - before; n != runs || len(ran) != runs {
			t.Errorf("%s: %d commands were run (%q), want %d", what, n, ran, runs)
		}
		if got := f.read("x/out"); got != want {
			t.Errorf("%s: got %q, want %q", what, got, want)
		}
	}
	step("first", 1, x+")", "a=1;")
	s := c.specs[0]
	if s.Property(action.PropertyImage) != "docker://example.com/tool@sha256:"+strings.Repeat("a", 64) || s.Property(action.PropertyOS) != "linux" ||
		s.Property(action.PropertyArch) != "amd64" || s.Property(action.PropertyNetwork) != "off" || len(s.Platform) != 4 {
		t.Errorf("platform: %+v", s.Platform)
	}
	step("again", 0, x+")", "a=1;")
	step("a comment", 0, "# what\n"+x+")", "a=1;")
	step("a tag", 0, x+`, tag = "2")`, "a=1;")
	step("where the image may be found", 0, x+`, layout = "images/x")`, "a=1;")
	step("a digest", 1, x+`, digest = "b")`, "a=1;")
	step("the digest before", 0, x+")", "a=1;")
	step("an argument", 1, x+`, command = ["/bin/cat", "-n"])`, "a=1;")
	step("a variable", 1, x+`, word = "w")`, "a=1;w")
	step("a platform", 1, x+`, arch = "arm64/v8")`, "a=1;")
	f.write("tree/b", "3")
	step("another file", 0, x+")", "a=1;")
	f.write("tree/a", "4")
	step("a file", 1, x+")", "a=4;")
	f.write("tree/a", "1")
	step("the file as it was", 0, x+")", "a=1;")
	if err := os.Chmod(filepath.Join(f.root, "tree/a"), 0o755); err != nil {
		t.Fatal(err)
	}
	step("a file is executable", 1, x+")", "a*=1;")
	// Another workspace finds it in the action cache.
	g := newFixture(t, map[string]string{"tree/a": "1"})
	g.opt = Options{Root: g.root, CacheDir: f.opt.CacheDir, Jobs: 1, Rules: commandRules, Commands: c}
	g.commands(strings.Replace(x, `"x"`, `"y"`, 1) + ")")
	before := len(c.specs)
	if ran, err := g.build("//:y"); err != nil || len(ran) > 0 || len(c.specs) > before {
		t.Errorf("elsewhere: ran %q, %v", ran, err)
	}
}

// TestCommandTree: where the files of the inputs lie.
func TestCommandTree(t *testing.T) {
	f, c := commandFixture(t)
	f.write("own.txt", "own")
	f.write("two.txt", "two")
	f.commands(`
cmd(name = "made", srcs = ["a"], outs = ["run.sh", "big"])
cmd(name = "x", srcs = ["*", "a"], deps = ["own.txt", ":made", "two.txt"], at = ["sub/", "made/", "one/name"])
`)
	if _, err := f.build("//:x"); err != nil {
		t.Fatal(err)
	}
	want := "a=1;b=2;made/made/big=a=1;;made/made/run.sh*=a=1;;one/name=two;sub/own.txt=own;"
	if got := f.read("x/out"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if _, err := f.build("//:made"); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]os.FileMode{"run.sh": 0o755, "big": 0o644} {
		info, err := os.Stat(filepath.Join(f.root, "sbom-out/made", name))
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	for build, want := range map[string]string{
		`deps = ["own.txt"], at = ["a"]`:   "//:x: inputs: two files that differ come to lie at a: a and own.txt",
		`deps = ["own.txt"], at = ["a/"]`:  "//:x: inputs: a is a file (a) and a folder (of a/own.txt)",
		`outs = ["b"]`:                     "//:x: inputs: b is an output, too: a command that leaves it as it is (b) would seem to have made it",
		`deps = ["own.txt"], at = ["out"]`: "//:x: inputs: out is an output, too: a command that leaves it as it is (own.txt) would seem to have made it",
		`deps = [":made"], at = ["made"]`:  `//:x: inputs: "made" is the name of one file, and there are 2`,
		`deps = ["own.txt"], at = ["../"]`: `inputs: path ".." leaves its directory`,
		`deps = ["own.txt"], at = ["/x"]`:  `inputs: path "/x" is absolute`,
	} {
		f.commands("cmd(name = \"made\", srcs = [\"a\"], outs = [\"run.sh\", \"big\"])\ncmd(name = \"x\", srcs = [\"*\"], " + build + ")\n")
		before := len(c.specs)
		if _, err := f.build("//:x"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", build, err, want)
		}
		if len(c.specs) > before {
			t.Errorf("%s: a command was run", build)
		}
	}
}

// TestCommandFails: a failure is told with the end of the log, and is not kept.
func TestCommandFails(t *testing.T) {
	f, c := commandFixture(t)
	f.commands(`cmd(name = "x", srcs = ["a"], command = ["fail"])`)
	for range 2 {
		_, err := f.build("//:x")
		if err == nil || !strings.Contains(err.Error(), "BUILD.star:2:1: //:x: command fail ended with exit code 2\n  | no good") {
			t.Errorf("got %v", err)
		}
	}
	if len(c.specs) != 2 {
		t.Errorf("%d commands were run", len(c.specs))
	}
	f.opt.Commands = nil
	f.commands(`cmd(name = "x", srcs = ["a"])`)
	if _, err := f.build("//:x"); err == nil || !strings.Contains(err.Error(), "//:x: command /bin/cat cannot be run: there is nothing here that runs commands") {
		t.Errorf("got %v", err)
	}
}

// TestCommandLost: a command whose output is gone from the cache runs again, when it is wanted.
func TestCommandLost(t *testing.T) {
	f, c := commandFixture(t)
	f.write("tree/a", strings.Repeat("long ", action.MaxInline))
	f.commands(`
cmd(name = "y", srcs = ["a"])
cmd(name = "x", srcs = ["b"], deps = [":y"], at = ["y"], word = "1")
`)
	if _, err := f.build("//:x"); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(f.opt.CacheDir, "v1", "cas")); err != nil {
		t.Fatal(err)
	}
	f.commands(`
cmd(name = "y", srcs = ["a"])
cmd(name = "x", srcs = ["b"], deps = [":y"], at = ["y"], word = "2")
`)
	if _, err := f.build("//:x"); err != nil {
		t.Fatal(err)
	}
	if got := f.read("x/out"); !strings.HasSuffix(got, ";2") || len(got) < action.MaxInline {
		t.Errorf("got %.80q", got)
	}
	if len(c.specs) < 4 {
		t.Errorf("%d commands were run", len(c.specs))
	}
}

// TestCommandNetwork: that a command may use the network is said by each check.
func TestCommandNetwork(t *testing.T) {
	f, _ := commandFixture(t)
	f.commands(`cmd(name = "x", srcs = ["a"], network = True)`)
	for range 2 {
		r, _, err := f.check("//:x")
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "found", r.lines(), "note //:x: command /bin/cat may use the network, so what it makes is not known by its inputs")
	}
}

// TestCommandProperty: after random edits a build yields what a build of a fresh cache yields, whatever was run before.
func TestCommandProperty(t *testing.T) {
	f, c := commandFixture(t)
	r := rand.New(rand.NewPCG(7, 7))
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	for step := range 40 {
		f.write("tree/"+pick("a", "b", "c/d"), pick("1", "2", "3"))
		f.commands(fmt.Sprintf(`
cmd(name = "y", srcs = [%q], digest = %q, word = %q)
cmd(name = "x", srcs = [%q], deps = [":y"], at = [%q], tag = %q)
`, pick("a", "*", "**"), pick("a", "b"), pick("", "w"), pick("b", "**"), pick("y", "y/", "z"), pick("1", "2")))
		_, err := f.build("//...")
		fresh, _ := commandFixture(t)
		fresh.opt.Root, fresh.root = f.root, f.root
		fresh.opt.OutDir = "fresh-out"
		if _, err2 := fresh.build("//..."); (err == nil) != (err2 == nil) {
			t.Fatalf("step %d: %v, and afresh %v", step, err, err2)
		}
		for _, name := range []string{"x/out", "y/out"} {
			if err != nil {
				continue
			}
			want, err := os.ReadFile(filepath.Join(f.root, "fresh-out", name))
			if err != nil {
				t.Fatal(err)
			}
			if got := f.read(name); got != string(want) {
				t.Fatalf("step %d: %s is %q, and afresh %q", step, name, got, want)
			}
		}
	}
	if n := len(c.specs); n == 0 || n >= 80 {
		t.Errorf("%d commands were run", n)
	}
}

// A command is given files: what it would make of a link or an empty folder depends on what lies beside.
func TestLayTreeRefusesLinks(t *testing.T) {
	for _, f := range []action.File{{Path: "l", Link: "a"}, {Path: "e", Folder: true}} {
		err := layTree(&action.Spec{Inputs: []action.Input{{Name: "", Files: []action.File{f}}}})
		if err == nil || !strings.Contains(err.Error(), "inputs: "+f.Path+" is a symbolic link or an empty folder") {
			t.Errorf("%+v: %v", f, err)
		}
	}
}
