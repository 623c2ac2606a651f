package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestREADME runs the commands of README.md, in its order, in a copy of the repository, and looks
// for what it shows of their output: each line, in any order, "..." standing for the lines that it
// leaves out. The Python files that it shows are written first. Durations are not compared; with -update,
// digests and numbers of actions that differ are written into README.md.
func TestREADME(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(repository, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	temp := t.TempDir()
	root := filepath.Join(temp, "sbomctl")
	for _, path := range []string{"BUILD.star", "sbom.star", "pip.lock.json", "release", "testdata", "examples"} {
		copyTree(t, filepath.Join(repository, path), filepath.Join(root, path))
	}
	env := append(os.Environ(), "HOME="+temp, "XDG_CACHE_HOME="+filepath.Join(temp, "cache"), "SOURCE_DATE_EPOCH=", "GORACE=atexit_sleep_ms=0")
	distdir := os.Getenv("SBOMCTL_DISTDIR")
	stale := map[string]string{} // lines of README.md -> what the command prints now
	blocks := readmeBlocks(string(readme))
	if len(blocks) < 8 {
		t.Fatalf("README.md has %d blocks of commands and files", len(blocks))
	}
	writeREADMEFiles(t, root, blocks)
	for _, block := range blocks {
		if block.language != "console" {
			continue
		}
		if distdir == "" && strings.Contains(block.text, "Downloads") {
			t.Logf("not run, because SBOMCTL_DISTDIR names no folder with Python-3.13.5.tar.xz:\n%s", block.text)
			continue
		}
		for _, c := range readmeCommands(block.text) {
			cmd := exec.Command("sh", "-c", strings.ReplaceAll(c.line, "~/Downloads", distdir))
			cmd.Dir, cmd.Env = root, env
			out, err := cmd.CombinedOutput()
			c.compare(t, string(out), err, stale)
		}
	}
	if !*update {
		for shown, printed := range stale {
			t.Errorf("README.md shows, but for digests and numbers, what is printed; go test ./cmd/sbomctl -run TestREADME -update rewrites\n%s\nto\n%s", shown, printed)
		}
		return
	}
	text := string(readme)
	for shown, printed := range stale {
		text = strings.ReplaceAll(text, "\n"+shown+"\n", "\n"+printed+"\n")
	}
	if err := os.WriteFile(filepath.Join(repository, "README.md"), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

type readmeBlock struct{ language, text string }

var fence = regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$")

func readmeBlocks(readme string) []readmeBlock {
	var blocks []readmeBlock
	for _, m := range fence.FindAllStringSubmatch(readme, -1) {
		blocks = append(blocks, readmeBlock{m[1], m[2]})
	}
	return blocks
}

// writeREADMEFiles writes the rule of README.md to the end of sbom.star, and the package that uses it.
func writeREADMEFiles(t *testing.T, root string, blocks []readmeBlock) {
	var python []string
	for _, b := range blocks {
		if b.language == "python" {
			python = append(python, b.text)
		}
	}
	if len(python) != 2 {
		t.Fatalf("README.md shows %d files, expected a rule and its use", len(python))
	}
	macros := filepath.Join(root, "sbom.star")
	before, err := os.ReadFile(macros)
	if err != nil {
		t.Fatal(err)
	}
	for path, text := range map[string]string{macros: string(before) + "\n" + python[0], filepath.Join(root, "notes/BUILD.star"): python[1]} {
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

type readmeCommand struct {
	line string
	want []string
}

func readmeCommands(block string) []readmeCommand {
	var all []readmeCommand
	for line := range strings.Lines(block) {
		line = strings.TrimSuffix(line, "\n")
		if command, ok := strings.CutPrefix(line, "$ "); ok {
			all = append(all, readmeCommand{line: command})
		} else {
			last := &all[len(all)-1]
			last.want = append(last.want, line)
		}
	}
	return all
}

// duration is what another machine prints otherwise; changing, what another version may: digests, and how many
// actions there are.
var (
	duration = regexp.MustCompile(`\b\d+\.\d\d s$`)
	changing = regexp.MustCompile(`\b[0-9a-f]{8}\b|\b\d+ (ran|up to date|from the cache|actions)\b`)
)

// compare looks for the shown lines in what the command printed. Lines that differ in what another version may
// print otherwise go to stale.
func (c readmeCommand) compare(t *testing.T, out string, err error, stale map[string]string) {
	t.Helper()
	var got []string
	for line := range strings.Lines(out) {
		got = append(got, strings.TrimSuffix(line, "\n"))
	}
	find := func(same func(string) string, want string) int {
		return slices.IndexFunc(got, func(line string) bool { return same(line) == same(want) })
	}
	timeless := func(line string) string { return duration.ReplaceAllString(line, "X") }
	alike := func(line string) string { return changing.ReplaceAllString(timeless(line), "X") }
	if t.Failed() {
		return // later commands only show what follows from the first mistake
	}
	elided, failure := false, false
	defer func() {
		if t.Failed() {
			t.Logf("the output:\n%s", out)
		}
	}()
	for _, want := range c.want {
		failure = failure || strings.HasPrefix(want, "sbomctl: error: ")
		if want == "..." {
			elided = true
		} else if i := find(timeless, want); i >= 0 {
			got = slices.Delete(got, i, i+1)
		} else if i := find(alike, want); i >= 0 {
			stale[want] = got[i]
			got = slices.Delete(got, i, i+1)
		} else {
			t.Errorf("$ %s\nREADME.md shows a line that is not in the output:\n%s", c.line, want)
		}
	}
	if !elided && len(got) > 0 {
		t.Errorf("$ %s\nREADME.md lacks lines of the output:\n%s", c.line, strings.Join(got, "\n"))
	}
	var exit *exec.ExitError
	if err != nil && !(failure && errors.As(err, &exit) && exit.ExitCode() == 1) || failure && err == nil {
		t.Errorf("$ %s\n%v\n%s", c.line, err, out)
	}
}
