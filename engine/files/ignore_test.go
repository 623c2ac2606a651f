package files

import (
	"bytes"
	"fmt"
	"io/fs"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestParseIgnoreRule(t *testing.T) {
	for _, c := range []struct {
		line, path string
		isDir      bool
		ignore     bool
	}{
		{"foo", "foo", false, true},
		{"foo", "a/foo", false, true},
		{"/foo", "a/foo", false, false},
		{"/foo", "foo", false, true},
		{"a/foo", "b/a/foo", false, false},
		{"foo/", "foo", false, false},
		{"foo/", "foo", true, true},
		{"*.o", "x/y.o", false, true},
		{"*.o", "x/y.c", false, false},
		{"a/*.o", "a/b/c.o", false, false},
		{"a/**/c.o", "a/c.o", false, true},
		{"a/**/c.o", "a/b/d/c.o", false, true},
		{"a/**", "a/b/c", false, true},
		{"a/**", "a", true, false},
		{"**/x", "a/b/x", false, true},
		{"a**/b", "ab", false, true}, // git strips the literal part, which leaves "**/b"
		{"#x", "#x", false, false},
		{`\#x`, "#x", false, true},
		{`\!x`, "!x", false, true},
		{"x  ", "x", false, true},
		{`x\ `, "x ", false, true},
		{`x\  `, "x ", false, true},
		{`x\\ `, `x\`, false, true},
		{`x\`, "x", false, false},
		{"x\r", "x", false, true},
		{"x\r\r", "x\r", false, true},
		{"[a-c]", "b", false, true},
		{"[!a-c]", "b", false, false},
		{"[^a-c]", "d", false, true},
		{"[]x]", "]", false, true},
		{"[a", "[a", false, false},
		{"[[:digit:]]", "7", false, true},
		{"[[:nope:]]", "7", false, false},
		{"[[:digit]]", "d]", false, true},
		{"?", "é", false, false}, // git counts bytes
		{"??", "é", false, true},
		{"/", "x", true, false},
		{"!", "!", false, false},
		{"\ufefffoo", "foo", false, true},
		{"a\x00b", "a", false, true},
	} {
		base := c.path[strings.LastIndexByte(c.path, '/')+1:]
		if got, _ := ParseRules([]byte(c.line+"\n")).verdict(c.path, base, c.isDir); got != c.ignore {
			t.Errorf("%q on %q (directory: %v): ignored is %v, want %v", c.line, c.path, c.isDir, got, c.ignore)
		}
	}
}

// TestWildmatchIsBounded has a pattern on which backtracking would not come to an end.
func TestWildmatchIsBounded(t *testing.T) {
	w := compileWildmatch(strings.Repeat("*a", 2000)+"b", false)
	if w.match(strings.Repeat("a", 4000)) {
		t.Error("matched")
	}
}

// git runs git as it behaves on a machine without any configuration, and skips the test where
// it is not installed.
func git(t testing.TB, dir, stdin string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath("git")
	if err != nil {
		t.Skip("git is not installed; its own answers are needed to compare with")
	}
	cmd := exec.Command(path, append([]string{"-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false", "-c", "protocol.file.allow=always"}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_SYSTEM="+os.DevNull,
		"GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C")
	cmd.Env = without(cmd.Env, "GIT_DIR=", "GIT_WORK_TREE=", "GIT_INDEX_FILE=", "GIT_CEILING_DIRECTORIES=")
	cmd.Stdin = strings.NewReader(stdin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if exit, ok := err.(*exec.ExitError); ok && exit.ExitCode() == 1 && args[0] == "check-ignore" {
		err = nil
	}
	if err != nil {
		t.Fatalf("git %q: %v\n%s", args, err, stderr.String())
	}
	return string(out)
}

func without(env []string, prefixes ...string) []string {
	var out []string
next:
	for _, e := range env {
		for _, p := range prefixes {
			if strings.HasPrefix(e, p) {
				continue next
			}
		}
		out = append(out, e)
	}
	return out
}

func write(t testing.TB, path, data string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(data), 0o644); err != nil {
		t.Fatal(err)
	}
}

func tempDir(t testing.TB) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// disk is the Source that asks the disk each time.
type disk struct{}

func (disk) Kind(path string) (Kind, error) {
	_, kind, err := Lstat(path)
	return kind, err
}

func (disk) ReadFile(path string, limit int64) ([]byte, bool, error) {
	data, state, _, err := ReadBytes(path, limit)
	return data, state.Kind == Regular, err
}

func (d disk) Rules(path string) (*Rules, error) {
	data, ok, err := d.ReadFile(path, RulesLimit)
	if err != nil || !ok {
		return nil, err
	}
	return ParseRules(data), nil
}

func (d disk) Index(path string) (*Index, error) {
	data, ok, err := d.ReadFile(path, IndexLimit)
	if err != nil || !ok {
		return nil, err
	}
	return ParseIndex(path, data)
}

// newIgnore is what a caller does for a tree on disk.
func newIgnore(t testing.TB, tree string) *Ignore {
	t.Helper()
	repo, err := FindRepo(tree, disk{})
	if err != nil {
		t.Fatal(err)
	}
	g, err := NewIgnore(disk{}, repo, tree)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// kept returns the files below tree that g does not ignore, in order.
func kept(t testing.TB, g *Ignore, tree string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(tree, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == tree {
			return err
		}
		rel, _ := filepath.Rel(tree, path)
		rel = filepath.ToSlash(rel)
		ignored, err := g.Ignored(rel, d.IsDir())
		if err != nil {
			return err
		}
		if ignored && d.IsDir() {
			return fs.SkipDir
		}
		if !ignored && !d.IsDir() {
			out = append(out, rel)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// gitKept returns what git lists: the tracked files that exist and the others it does not ignore.
func gitKept(t testing.TB, tree string) map[string]bool {
	t.Helper()
	set := map[string]bool{}
	for _, p := range strings.Split(git(t, tree, "", "ls-files", "-z", "--cached", "--others", "--exclude-standard"), "\x00") {
		if _, err := os.Lstat(filepath.Join(tree, p)); p != "" && err == nil {
			set[p] = true
		}
	}
	return set
}

func compareWithGit(t testing.TB, tree, what string) {
	t.Helper()
	want := gitKept(t, tree)
	got := kept(t, newIgnore(t, tree), tree)
	for _, p := range got {
		if !want[p] {
			t.Errorf("%s: %q is kept, but git ignores it", what, p)
		}
		delete(want, p)
	}
	for p := range want {
		t.Errorf("%s: %q is ignored, but git keeps it", what, p)
	}
}

// TestIgnoreAgainstGit compares random rules over random trees with git's own answer. The
// alphabet is small so that most rules match something.
func TestIgnoreAgainstGit(t *testing.T) {
	unixOnly(t)
	rounds := 40
	if testing.Short() {
		rounds = 8
	}
	names := []string{"a", "b", "ab", "abc", "a.c", "b.o", ".h", "x y", "a\\b", "-d", "[a]", "#c", "!e", "é", "f ", "..g", "a\nb"}
	parts := []string{"a", "b", "c", "*", "**", "?", ".", "/", "/", "[ab]", "[!a]", "[^.]", "[[:alpha:]]", "[]-a]", "[a-", "\\", " ", "!", "#", "é", "\r", "[\\]]", "[a-c-e]"}
	for round := range rounds {
		rnd := rand.New(rand.NewSource(int64(round)))
		root := tempDir(t)
		git(t, root, "", "init", "-q")
		var paths []string
		for range 40 {
			var segs []string
			for range 1 + rnd.Intn(4) {
				segs = append(segs, names[rnd.Intn(len(names))])
			}
			p := filepath.Join(append([]string{root}, segs...)...)
			if os.MkdirAll(filepath.Dir(p), 0o755) != nil || os.WriteFile(p, nil, 0o644) != nil {
				continue // a name is a file here and a directory there
			}
			paths = append(paths, strings.Join(segs, "/"))
		}
		rules := func() string {
			var b strings.Builder
			for range 1 + rnd.Intn(6) {
				if rnd.Intn(3) == 0 {
					b.WriteByte('!')
				}
				if rnd.Intn(3) == 0 { // a real path, perhaps with a wildcard in it
					p := paths[rnd.Intn(len(paths))]
					if i := rnd.Intn(len(p)); rnd.Intn(2) == 0 {
						p = p[:i] + parts[rnd.Intn(len(parts))] + p[i+1:]
					}
					b.WriteString(p)
				} else {
					for range 1 + rnd.Intn(5) {
						b.WriteString(parts[rnd.Intn(len(parts))])
					}
				}
				b.WriteString([]string{"\n", "\n", "/\n", " \n", "\r\n"}[rnd.Intn(5)])
			}
			return b.String()
		}
		write(t, filepath.Join(root, ".git", "info", "exclude"), rules())
		for range 3 {
			os.WriteFile(filepath.Join(root, filepath.Dir(paths[rnd.Intn(len(paths))]), ".gitignore"), []byte(rules()), 0o644)
		}
		var add []string
		for _, p := range paths {
			if rnd.Intn(6) == 0 {
				add = append(add, p)
			}
		}
		if len(add) > 0 {
			git(t, root, "", append([]string{"--literal-pathspecs", "add", "-f", "--"}, add...)...)
		}
		git(t, root, "", "update-index", fmt.Sprintf("--index-version=%d", 2+2*rnd.Intn(2)), "--force-write-index")
		compareWithGit(t, root, fmt.Sprint("round ", round))

		// And path by path, files below ignored directories included.
		asked := strings.Join(paths, "\x00") + "\x00"
		ignored := map[string]bool{}
		for _, p := range strings.Split(git(t, root, asked, "check-ignore", "-z", "--stdin"), "\x00") {
			ignored[p] = true
		}
		g := newIgnore(t, root)
		for _, p := range paths {
			got, err := g.Ignored(p, false)
			if err != nil {
				t.Fatal(err)
			}
			if got != ignored[p] {
				t.Errorf("round %d: %q is ignored: %v; git says %v", round, p, got, ignored[p])
			}
		}
		if t.Failed() {
			filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
				if filepath.Base(p) == ".gitignore" || filepath.Base(p) == "exclude" {
					data, _ := os.ReadFile(p)
					t.Logf("%s:\n%q", p, data)
				}
				return nil
			})
			return
		}
	}
}

func TestIgnoreTracked(t *testing.T) {
	for _, version := range []string{"2", "3", "4"} {
		t.Run("version "+version, func(t *testing.T) {
			root := tempDir(t)
			git(t, root, "", "init", "-q")
			write(t, filepath.Join(root, ".gitignore"), "out/\n*.o\n")
			write(t, filepath.Join(root, "out/tracked"), "")
			write(t, filepath.Join(root, "out/other"), "")
			write(t, filepath.Join(root, "a.o"), "")
			write(t, filepath.Join(root, "b.o"), "")
			write(t, filepath.Join(root, strings.Repeat("n", 200)+"/"+strings.Repeat("m", 200)+"/"+strings.Repeat("k", 200)+"/"+strings.Repeat("p", 200)+"/"+
				strings.Repeat("q", 200)+"/"+strings.Repeat("r", 200)+"/"+strings.Repeat("s", 200)+"/"+strings.Repeat("t", 200)+"/"+
				strings.Repeat("u", 200)+"/"+strings.Repeat("v", 200)+"/"+strings.Repeat("w", 200)+"/"+strings.Repeat("x", 200)+".o"), "")
			write(t, filepath.Join(root, "intended.o"), "")
			git(t, root, "", "add", "-f", "out/tracked", "a.o", strings.Repeat("n", 200))
			if version == "3" { // only an extended flag makes git write version 3
				git(t, root, "", "add", "-f", "-N", "intended.o")
			}
			git(t, root, "", "update-index", "--index-version="+version, "--force-write-index")
			compareWithGit(t, root, "all")
			for p, want := range map[string]bool{"out/tracked": false, "out/other": true, "a.o": false, "b.o": true, "c.c": false, ".git/config": true, "x/.git": true} {
				if got, err := newIgnore(t, root).Ignored(p, false); err != nil || got != want {
					t.Errorf("%s: %v, %v; want %v", p, got, err, want)
				}
			}
		})
	}
}

func TestIgnoreKindsOfRepository(t *testing.T) {
	root := tempDir(t)
	main := filepath.Join(root, "main")
	os.Mkdir(main, 0o755)
	git(t, main, "", "init", "-q")
	write(t, filepath.Join(main, ".gitignore"), "*.o\n/build/\n")
	write(t, filepath.Join(main, "sub/dir/a.o"), "")
	write(t, filepath.Join(main, "sub/dir/a.c"), "")
	write(t, filepath.Join(main, "sub/dir/t.o"), "")
	write(t, filepath.Join(main, "build/src/x.o"), "")
	git(t, main, "", "add", ".gitignore", "sub")
	git(t, main, "", "add", "-f", "sub/dir/t.o")
	git(t, main, "", "commit", "-q", "-m", "x")
	compareWithGit(t, main, "main")
	compareWithGit(t, filepath.Join(main, "sub"), "tree below the repository's root")

	if got := kept(t, newIgnore(t, filepath.Join(main, "build", "src")), filepath.Join(main, "build", "src")); len(got) != 1 {
		t.Errorf("a tree that the repository ignores: %q; want x.o", got)
	}

	linked := filepath.Join(root, "linked")
	git(t, main, "", "worktree", "add", "-q", linked)
	write(t, filepath.Join(main, ".git/info/exclude"), "*.tmp\n")
	write(t, filepath.Join(linked, "n.tmp"), "")
	write(t, filepath.Join(linked, "n.o"), "")
	compareWithGit(t, linked, "linked worktree")

	super := filepath.Join(root, "super")
	os.Mkdir(super, 0o755)
	git(t, super, "", "init", "-q")
	git(t, super, "", "submodule", "--quiet", "add", main, "mod")
	write(t, filepath.Join(super, ".gitignore"), "*.c\n")
	write(t, filepath.Join(super, "mod/n.o"), "")
	write(t, filepath.Join(super, "mod/n.c"), "")
	compareWithGit(t, filepath.Join(super, "mod"), "submodule")
	if got, err := newIgnore(t, super).Ignored("mod/n.c", false); got || err != nil {
		t.Errorf("a submodule's file is ignored by the rules around it: %v, %v", got, err)
	}

	sha256 := filepath.Join(root, "sha256")
	os.Mkdir(sha256, 0o755)
	git(t, sha256, "", "init", "-q", "--object-format=sha256")
	write(t, filepath.Join(sha256, ".gitignore"), "*\n")
	write(t, filepath.Join(sha256, "a"), "")
	write(t, filepath.Join(sha256, "b"), "")
	git(t, sha256, "", "add", "-f", "a")
	compareWithGit(t, sha256, "SHA-256 repository")

	git(t, main, "", "update-index", "--split-index")
	if _, err := newIgnore(t, main).Ignored("x.o", false); err == nil || !strings.Contains(err.Error(), "git update-index --no-split-index") {
		t.Errorf("split index: %v", err)
	}

	broken := filepath.Join(root, "broken")
	write(t, filepath.Join(broken, ".git"), "gitdir: ../nowhere\n")
	if _, err := FindRepo(broken, disk{}); err == nil || !strings.Contains(err.Error(), "which is no repository of git") {
		t.Errorf("broken .git file: %v", err)
	}
	write(t, filepath.Join(broken, ".git"), "what?")
	if _, err := FindRepo(broken, disk{}); err == nil || !strings.Contains(err.Error(), `"gitdir: PATH" was expected`) {
		t.Errorf("invalid .git file: %v", err)
	}
	if repo, err := FindRepo(filepath.Join(root, "nowhere"), disk{}); repo != nil || err != nil {
		t.Errorf("no repository: %v, %v", repo, err)
	}
}

func TestParseIndexDamaged(t *testing.T) {
	root := tempDir(t)
	git(t, root, "", "init", "-q")
	write(t, filepath.Join(root, "a"), "")
	write(t, filepath.Join(root, "b/c"), "")
	git(t, root, "", "add", ".")
	good, err := os.ReadFile(filepath.Join(root, ".git/index"))
	if err != nil {
		t.Fatal(err)
	}
	if x, err := ParseIndex("index", good); err != nil || len(x.ends) != 2 {
		t.Fatalf("good index: %v, %v", x, err)
	}
	for i := range good {
		if _, err := ParseIndex("index", good[:i]); err == nil {
			t.Errorf("cut to %d bytes: no error", i)
		}
		bad := bytes.Clone(good)
		bad[i] ^= 1
		if _, err := ParseIndex("index", bad); err == nil {
			t.Errorf("byte %d changed: no error", i)
		}
	}
	skipHash := bytes.Clone(good)
	clear(skipHash[len(skipHash)-20:])
	if x, err := ParseIndex("index", skipHash); err != nil || len(x.ends) != 2 {
		t.Errorf("index without checksum: %v, %v", x, err)
	}
}

func FuzzParseIndex(f *testing.F) {
	entry := func(name string) string {
		e := strings.Repeat("\x00", 24) + "\x00\x00\x81\xa4" + strings.Repeat("\x00", 12+20) + "\x00" + string(rune(len(name))) + name
		return e + strings.Repeat("\x00", 8-len(e)%8)
	}
	zero := strings.Repeat("\x00", 20)
	f.Add([]byte("DIRC\x00\x00\x00\x02\x00\x00\x00\x02" + entry("a") + entry("b/c") + zero))
	f.Add([]byte("DIRC\x00\x00\x00\x04\x00\x00\x00\x00" + "link\x00\x00\x00\x00" + zero))
	f.Fuzz(func(t *testing.T, data []byte) {
		x, err := parseIndex(data)
		if err != nil {
			return
		}
		for i := range x.ends {
			name := string(x.name(i))
			if ok, folded := x.tracked(name, false); !ok && folded == "" {
				t.Fatalf("%q is in the index but not found", name)
			}
		}
	})
}

func FuzzParseRules(f *testing.F) {
	f.Add("!a/**/b[[:alpha:]-z]\\ \n*.o\n", "a/x/bq")
	f.Add("a**/b\n[", "ab")
	f.Fuzz(func(t *testing.T, rules, path string) {
		ParseRules([]byte(rules)).verdict(path, path[strings.LastIndexByte(path, '/')+1:], false)
	})
}
