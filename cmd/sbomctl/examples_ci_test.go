package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// gated is a git repository that declares one package, whose evidence agrees with it, and its index has that.
type gated struct {
	t   *testing.T
	dir string
	env []string
}

func newGated(t *testing.T) *gated {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("there is no git")
	}
	temp := t.TempDir()
	g := &gated{t, filepath.Join(temp, "project"), append(os.Environ(), "HOME="+temp, "XDG_CACHE_HOME="+filepath.Join(temp, "cache"), "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=A", "GIT_AUTHOR_EMAIL=a@example.org", "GIT_COMMITTER_NAME=A", "GIT_COMMITTER_EMAIL=a@example.org", "GORACE=atexit_sleep_ms=0")}
	for path, text := range map[string]string{
		"sbom.star": "",
		"BUILD.star": `load("@sbomctl//:rules.star", "regex", "source_tree", "vendored_package")

source_tree(name = "tree", path = ".")

vendored_package(
    name = "zlib",
    version = "1.3.1",
    tree = ":tree",
    srcs = ["zlib/*.h"],
    evidence = [regex("zlib/zlib.h", r'ZLIB_VERSION "(?P<version>[^"]+)"')],
)
`,
		"zlib/zlib.h": "#define ZLIB_VERSION \"1.3.1\"\n",
	} {
		g.write(path, text)
	}
	g.must("git", "init", "-q")
	g.must("git", "add", ".")
	return g
}

func (g *gated) write(path, text string) {
	g.t.Helper()
	full := filepath.Join(g.dir, path)
	if err := errors.Join(os.MkdirAll(filepath.Dir(full), 0o777), os.WriteFile(full, []byte(text), 0o666)); err != nil {
		g.t.Fatal(err)
	}
}

func (g *gated) run(name string, args ...string) (out string, code int) {
	g.t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = g.dir, g.env
	b, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		g.t.Fatal(err)
	}
	return string(b), cmd.ProcessState.ExitCode()
}

func (g *gated) must(name string, args ...string) {
	g.t.Helper()
	if out, code := g.run(name, args...); code != 0 {
		g.t.Fatalf("%s %q: exit %d\n%s", name, args, code, out)
	}
}

const newerZlib = "#define ZLIB_VERSION \"1.3.2\"\n"

// TestExampleWorkflow runs the steps of examples/ci/sbomctl.yml that are commands, but for the download of sbomctl.
func TestExampleWorkflow(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(repository, "examples/ci/sbomctl.yml"))
	if err != nil {
		t.Fatal(err)
	}
	steps := regexp.MustCompile(`(?m)^        run: (sbomctl .*)$`).FindAllStringSubmatch(string(text), -1)
	if len(steps) != 2 {
		t.Fatalf("the workflow has %d steps of sbomctl", len(steps))
	}
	g := newGated(t)
	step := func(i int) (string, int) { return g.run("bash", "-e", "-c", steps[i][1]) }
	if out, code := step(0); code != 0 || strings.Contains(out, "::") {
		t.Errorf("clean: exit %d\n%s", code, out)
	}
	g.write("zlib/zlib.h", newerZlib)
	out, code := step(0)
	if want := "::error file=zlib/zlib.h,line=1,"; code != 3 || !strings.Contains(out, want) {
		t.Errorf("exit %d, expected %s\n%s", code, want, out)
	}
	if out, code := step(1); code != 0 {
		t.Errorf("SARIF: exit %d\n%s", code, out)
	}
	log, err := os.ReadFile(filepath.Join(g.dir, "sbomctl.sarif"))
	if err != nil {
		t.Fatal(err)
	}
	var sarif struct {
		Version string
		Runs    []struct{ Results []struct{ RuleID string } }
	}
	if err := json.Unmarshal(log, &sarif); err != nil || sarif.Version != "2.1.0" || len(sarif.Runs) != 1 || len(sarif.Runs[0].Results) != 1 || sarif.Runs[0].Results[0].RuleID != "evidence" {
		t.Errorf("%v\n%s", err, log)
	}
}

// TestExampleHook: examples/ci/pre-commit looks at what is committed, and at nothing else.
func TestExampleHook(t *testing.T) {
	g := newGated(t)
	hook, err := os.ReadFile(filepath.Join(repository, "examples/ci/pre-commit"))
	if err != nil {
		t.Fatal(err)
	}
	g.write(".git/hooks/pre-commit", string(hook))
	if err := os.Chmod(filepath.Join(g.dir, ".git/hooks/pre-commit"), 0o777); err != nil {
		t.Fatal(err)
	}
	g.write("zlib/zlib.h", newerZlib) // not added
	g.must("git", "commit", "-q", "-m", "one")
	g.must("git", "add", ".")
	out, code := g.run("git", "commit", "-q", "-m", "two")
	if code == 0 || !strings.Contains(out, `version is "1.3.2" here, but "1.3.1" is declared`) || !strings.Contains(out, "pre-commit: sbomctl found errors") {
		t.Errorf("exit %d\n%s", code, out)
	}
	g.write("zlib/zlib.h", "") // what is committed is the index
	if _, code := g.run("git", "commit", "-q", "-m", "two"); code == 0 {
		t.Error("committed")
	}
	g.must("sh", "-c", "sed -i.old 's/1.3.1/1.3.2/' BUILD.star && rm BUILD.star.old")
	g.write("zlib/zlib.h", newerZlib)
	g.must("git", "add", ".")
	g.must("git", "commit", "-q", "-m", "two")
	if out, code := g.run("git", "status", "--short"); code != 0 || out != "" {
		t.Errorf("the hook left something behind: %s", out)
	}
}
