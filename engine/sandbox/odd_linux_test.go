package sandbox

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestOddPaths: names that a shell or a list of mounts would take apart are names like others.
func TestOddPaths(t *testing.T) {
	odd := "a 'b\" \\040 \n\t$(c) --ro-bind ü\xff"
	dir := filepath.Join(t.TempDir(), odd)
	write(t, dir, "src/x", "mounted\n", 0o644)
	p := shell(t, `cat "$1/x"; cat "/etc/$2"; pwd`)
	if err := os.Rename(p.Root, filepath.Join(dir, "root")); err != nil {
		t.Fatal(err)
	}
	// A root folder behind a link, with an entry of an odd name.
	write(t, dir, "root/etc/"+odd, "odd\n", 0o644)
	p.Root = filepath.Join(dir, "link")
	if err := os.Symlink("root", p.Root); err != nil {
		t.Fatal(err)
	}
	// /etc lacks a mount point, so that its entries are bound one by one.
	target := "/etc/" + strings.ReplaceAll(odd, "--", "=") + "/src"
	p.Mounts = []Mount{{filepath.Join(dir, "src"), target, true}}
	p.Dir = target
	p.Command = append(p.Command, "sh", target, odd)
	mustSay(t, p, "mounted\nodd\n"+target+"\n")
}

// TestMany: more than bubblewrap takes is an error, and no crash.
func TestMany(t *testing.T) {
	p := shell(t, "env | wc -l; echo $#")
	for i := range 2000 {
		p.Env = append(p.Env, fmt.Sprintf("V%d=%s", i, strings.Repeat("x", 100)))
	}
	for range 2000 {
		p.Command = append(p.Command, "argument")
	}
	mustSay(t, p, "2003\n1999\n") // and PATH, PWD, SHLVL; the first argument is $0
	for i := range 2000 {
		p.Env = append(p.Env, fmt.Sprintf("W%d=", i))
	}
	if _, err := p.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "maximum number of arguments") {
		t.Error(err)
	}
	p = shell(t, "")
	p.Command = append(p.Command, strings.Repeat("x", 1<<20))
	if _, err := p.Run(t.Context()); err == nil || !strings.HasSuffix(err.Error(), "argument list too long") {
		t.Error(err)
	}
}

// TestTrickster: the command's view of bubblewrap gives it nothing of the caller's.
func TestTrickster(t *testing.T) {
	t.Setenv("SECRET", "of the caller")
	p := shell(t, `tr '\0' '\n' </proc/1/environ; tr '\0' ' ' </proc/1/cmdline
for fd in /proc/1/fd/[3-9]*; do (echo 3 >$fd) 2>/dev/null && echo wrote to $fd; done
ls -A /proc/1/root/tmp /proc/1/cwd/; kill -STOP 1; kill -TERM 1; exit 6`)
	exit, out := run(t, p)
	if exit.String() != "exited with code 6" || strings.Contains(out, "of the caller") || strings.Contains(out, p.Root) || strings.Contains(out, "wrote to /") {
		t.Errorf("%s, %q", exit, out)
	}
}
