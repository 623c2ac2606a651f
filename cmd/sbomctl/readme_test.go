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
	d := newTranscripts(t, "README.md")
	if len(d.blocks) < 8 {
		t.Fatalf("README.md has %d blocks of commands and files", len(d.blocks))
	}
	for _, path := range []string{"BUILD.star", "sbom.star", "pip.lock.json", "release", "platforms", "testdata", "examples"} {
		copyTree(t, filepath.Join(repository, path), filepath.Join(d.dir, path))
	}
	writeREADMEFiles(t, d.dir, d.blocks)
	d.run()
}

// TestMaintaining does the same with docs/maintaining.md, in an empty folder.
func TestMaintaining(t *testing.T) {
	d := newTranscripts(t, "docs/maintaining.md")
	if len(d.blocks) < 6 {
		t.Fatalf("docs/maintaining.md has %d blocks of commands", len(d.blocks))
	}
	d.run()
}

// transcripts is a document that shows commands and what they print.
type transcripts struct {
	t      *testing.T
	path   string // relative to the repository
	text   string
	blocks []readmeBlock
	dir    string // where the commands run
	env    []string
}

func newTranscripts(t *testing.T, path string) *transcripts {
	text, err := os.ReadFile(filepath.Join(repository, path))
	if err != nil {
		t.Fatal(err)
	}
	temp := t.TempDir()
	d := &transcripts{t: t, path: path, text: string(text), blocks: readmeBlocks(string(text)), dir: filepath.Join(temp, "sbomctl")}
	if err := os.Mkdir(d.dir, 0o777); err != nil {
		t.Fatal(err)
	}
	d.env = append(os.Environ(), "HOME="+temp, "XDG_CACHE_HOME="+filepath.Join(temp, "cache"), "SOURCE_DATE_EPOCH=", "GORACE=atexit_sleep_ms=0")
	return d
}

// run runs the commands one after the other; "cd" is followed.
func (d *transcripts) run() {
	distdir := os.Getenv("SBOMCTL_DISTDIR")
	stale := map[string]string{} // lines of the document -> what the command prints now
	needs := false               // an earlier block of the real release was not run
	for _, block := range d.blocks {
		if block.language != "console" {
			continue
		}
		needs = needs || d.path != "README.md" && distdir == ""
		if needs || distdir == "" && strings.Contains(block.text, "Downloads") {
			d.t.Logf("not run, because SBOMCTL_DISTDIR names no folder with Python-3.13.5.tar.xz:\n%s", block.text)
			continue
		}
		for _, c := range readmeCommands(block.text) {
			if to, ok := strings.CutPrefix(c.line, "cd "); ok {
				d.dir = filepath.Join(d.dir, to)
				continue
			}
			cmd := exec.Command("sh", "-c", strings.ReplaceAll(c.line, "~/Downloads", distdir))
			cmd.Dir, cmd.Env = d.dir, d.env
			out, err := cmd.CombinedOutput()
			c.compare(d.t, d.path, string(out), err, stale)
		}
	}
	if !*update {
		for shown, printed := range stale {
			d.t.Errorf("%s shows, but for digests and numbers, what is printed; go test ./cmd/sbomctl -run %s -update rewrites\n%s\nto\n%s", d.path, d.t.Name(), shown, printed)
		}
		return
	}
	text := d.text
	for shown, printed := range stale {
		text = strings.ReplaceAll(text, "\n"+shown+"\n", "\n"+printed+"\n")
	}
	if err := os.WriteFile(filepath.Join(repository, d.path), []byte(text), 0o666); err != nil {
		d.t.Fatal(err)
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
func (c readmeCommand) compare(t *testing.T, path, out string, err error, stale map[string]string) {
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
		failure = failure || strings.Contains(want, "error: ")
		if want == "..." {
			elided = true
		} else if i := find(timeless, want); i >= 0 {
			got = slices.Delete(got, i, i+1)
		} else if i := find(alike, want); i >= 0 {
			stale[want] = got[i]
			got = slices.Delete(got, i, i+1)
		} else {
			t.Errorf("$ %s\n%s shows a line that is not in the output:\n%s", c.line, path, want)
		}
	}
	if !elided && len(got) > 0 {
		t.Errorf("$ %s\n%s lacks lines of the output:\n%s", c.line, path, strings.Join(got, "\n"))
	}
	var exit *exec.ExitError
	code := 0
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	}
	finds := code == exitFindings && (failure || strings.HasPrefix(c.line, "sbomctl diff ")) // two documents differ
	if err != nil && !finds && !(failure && code == exitBuildFailed) || failure && err == nil {
		t.Errorf("$ %s\n%v\n%s", c.line, err, out)
	}
}
