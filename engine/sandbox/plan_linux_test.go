package sandbox

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMountPoints: a mount goes where the root folder's links say, inside it; what is missing is there for the
// command, and not in the root folder.
func TestMountPoints(t *testing.T) {
	outside := t.TempDir()
	src := t.TempDir()
	write(t, src, "file", "mounted\n", 0o644)
	write(t, src, "sub/empty", "", 0o644)
	for _, c := range []struct {
		name   string
		links  map[string]string // of the root folder; a "+" is a folder, "-" a file
		target string
		script string
		want   string
	}{
		{"missing", nil, "/src", "cat /src/file; ls /", "mounted\nbin\ndev\netc\nproc\nrun\nsrc\ntmp\nvar\n"},
		{"missing, deep", nil, "/a/b/c", "cat /a/b/c/file; ls /a /a/b", "mounted\n/a:\nb\n\n/a/b:\nc\n"},
		{"missing below a folder", map[string]string{"usr/share/x": "-", "usr/lib": "share", "usr/odd\nname": "+"}, "/usr/src",
			"cat /usr/src/file; cd /usr; echo *; readlink lib; ls lib", "mounted\nlib odd\nname share src\nshare\nx\n"},
		{"there", map[string]string{"src": "+", "src/hidden": "-"}, "/src", "ls /src", "file\nsub\n"},
		{"a link", map[string]string{"src": "usr/src", "usr": "+"}, "/src", "cat /src/file /usr/src/file", "mounted\nmounted\n"},
		{"a link to nothing", map[string]string{"src": "/not/there"}, "/src", "cat /not/there/file", "mounted\n"},
		{"a link upwards", map[string]string{"src": "../../../../../.." + outside + "/x"}, "/src", "cat /src/file " + outside + "/x/file", "mounted\nmounted\n"},
		{"an absolute link", map[string]string{"src": outside + "/x"}, "/src", "cat /src/file", "mounted\n"},
		{"bubblewrap's old root", map[string]string{"src": "/oldroot" + outside + "/x"}, "/src", "cat /src/file", "mounted\n"},
		{"all of our own", map[string]string{"tmp": "/oldroot" + outside + "/y", "run": outside, "var": "/oldroot" + outside, "dev": "etc/dev", "proc": outside + "/p"}, "/src",
			"cat /src/file; echo x >/tmp/x; echo x >/dev/null; ls -d /proc/self/status", "mounted\n/proc/self/status\n"},
		{"folders of bubblewrap's names", map[string]string{"oldroot": "+", "oldroot/x": "-", "newroot": "-"}, "/src", "cat /src/file; ls / /oldroot | grep -E 'root|x'", "mounted\nnewroot\noldroot\n/oldroot:\nx\n"},
		{"in memory", map[string]string{"run": "var/run", "var": "+"}, "/run/a/b", "cat /run/a/b/file", "mounted\n"},
		{"two names of one", map[string]string{"tmp": "var/tmp"}, "/src", "echo x >/tmp/x; cat /var/tmp/x", "x\n"},
		{"instead of ours", map[string]string{"var/run": "/run"}, "/var/run", "cat /run/file", "mounted\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := shell(t, c.script)
			populate(t, p.Root, c.links)
			before := listing(t, p.Root)
			p.Mounts = []Mount{{src, c.target, false}}
			mustSay(t, p, c.want)
			if after := listing(t, p.Root); after != before {
				t.Errorf("the root folder was\n%s\nand is\n%s", before, after)
			}
		})
	}
	if got := listing(t, outside); got != "" {
		t.Errorf("outside there is now\n%s", got)
	}
}

func populate(t *testing.T, root string, links map[string]string) {
	t.Helper()
	for name, link := range links {
		path := filepath.Join(root, name)
		var err error
		switch link {
		case "+":
			err = os.MkdirAll(path, 0o755)
		case "-":
			write(t, root, name, "", 0o644)
		default:
			os.MkdirAll(filepath.Dir(path), 0o755)
			err = os.Symlink(link, path)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// listing is what lies below a folder.
func listing(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && path != dir {
			fmt.Fprintln(&b, d)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestNoMountPoint: what cannot be mounted is said, and nothing is started.
func TestNoMountPoint(t *testing.T) {
	src := t.TempDir()
	write(t, src, "file", "", 0o644)
	write(t, src, "sub/x", "", 0o644)
	if err := os.Symlink("/", filepath.Join(src, "link")); err != nil {
		t.Fatal(err)
	}
	many := map[string]string{}
	for i := range maxEntries + 1 {
		many[fmt.Sprint("many/", i)] = "-"
	}
	for _, c := range []struct {
		links  map[string]string
		mounts []Mount
		msg    string
	}{
		{map[string]string{"a": "b", "b": "a"}, []Mount{{src, "/a", false}}, "the mount point /a lies behind more than 40 symbolic links of the root folder"},
		{map[string]string{"a": "/"}, []Mount{{src, "/a", false}}, "the mount point /a is the root folder itself"},
		{map[string]string{"a": "-"}, []Mount{{src, "/a", false}}, "a folder is to be mounted on /a, which is no folder in the root folder"},
		{map[string]string{"a": "-"}, []Mount{{src, "/a/b", false}}, "the mount point /a/b cannot be: /a is no folder in the root folder"},
		{map[string]string{"a": "+"}, []Mount{{src + "/file", "/a", false}}, "a file is to be mounted on /a, which is no file in the root folder"},
		{map[string]string{"a": "gone/../x"}, []Mount{{src, "/a", false}}, "the mount point /a leads to /gone/../x, which is not there, in the root folder"},
		{map[string]string{"a": "b", "b": "+"}, []Mount{{src, "/a", false}, {src, "/b", false}}, "the mount points /a and /b are the same folder /b of the root folder"},
		{nil, []Mount{{src, "/src", true}, {src, "/src/gone", false}}, "the mount point /src/gone lies in what is mounted on /src, and there is no folder " + src + "/gone"},
		{nil, []Mount{{src, "/src", true}, {src, "/src/link/x", false}}, "the mount point /src/link/x lies in what is mounted on /src, and there is no folder " + src + "/link"},
		{nil, []Mount{{src, "/src", true}, {src + "/file", "/src/sub", false}}, "the mount point /src/sub lies in what is mounted on /src, and there is no file " + src + "/sub"},
		{map[string]string{"a": "proc/1"}, []Mount{{src, "/a", false}}, "the mount point /a leads to /proc in the root folder, which is the sandbox's own"},
		{many, []Mount{{src, "/many/x", false}}, "/many of the root folder lacks a mount point, and has too many entries (more than 1000) to be put together anew"},
	} {
		p := shell(t, "echo ran")
		populate(t, p.Root, c.links)
		var out bytes.Buffer
		p.Mounts, p.Output = c.mounts, &out
		if _, err := p.Run(context.Background()); err == nil || err.Error() != c.msg || out.Len() > 0 {
			t.Errorf("%v, wrote %q\nexpected %s", err, out.Bytes(), c.msg)
		}
	}
	if got := listing(t, src); strings.Contains(got, "gone") {
		t.Errorf("the mounted folder has now\n%s", got)
	}
}

// TestNested: a mount in a mount, where there is a mount point.
func TestNested(t *testing.T) {
	src, other := t.TempDir(), t.TempDir()
	write(t, src, "sub/hidden", "", 0o644)
	write(t, src, "file", "", 0o644)
	write(t, other, "x", "inner\n", 0o644)
	p := shell(t, "cat /src/sub/x /src/file; ls /src/sub; echo y >/src/new")
	p.Mounts = []Mount{{other, "/src/sub", false}, {filepath.Join(other, "x"), "/src/file", false}, {src, "/src", true}}
	mustSay(t, p, "inner\ninner\nx\n")
}

// TestHostAsRoot: any folder is a root folder, the machine's own too.
func TestHostAsRoot(t *testing.T) {
	needSandbox(t)
	p := &Process{Root: "/", Command: []string{"sh", "-c", "touch /etc/x 2>/dev/null || echo refused; ls /tmp"}, Env: []string{"PATH=/usr/bin:/bin"}}
	mustSay(t, p, "refused\n")
}
