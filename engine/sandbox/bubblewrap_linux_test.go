package sandbox

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFind: what is wrong with bubblewrap is said, with the package to install.
func TestFind(t *testing.T) {
	for _, c := range []struct{ script, want string }{
		{"", "bubblewrap is not installed: there is no program bwrap in PATH; commands are run in its sandbox\n  hint: " + installHint},
		{"echo hello", "/bwrap --version does not answer as bubblewrap does, with \"bubblewrap 0.8.0\"\n  hint: " + installHint},
		{"exit 1", "/bwrap --version does not answer as bubblewrap does, with \"bubblewrap 0.8.0\"\n  hint: " + installHint},
		{"echo bubblewrap 0.3.1", "/bwrap is bubblewrap 0.3; expected 0.4 or later\n  hint: " + installHint},
	} {
		dir := t.TempDir()
		if c.script != "" {
			write(t, dir, "bwrap", "#!/bin/sh\n"+c.script+"\n", 0o755)
		}
		t.Setenv("PATH", dir)
		want := c.want
		if strings.HasPrefix(want, "/") {
			want = dir + want
		}
		if _, err := Find(); err == nil || err.Error() != want {
			t.Errorf("%q: %v", c.script, err)
		}
		p := &Process{Root: "/", Command: []string{"true"}}
		if _, err := p.Run(context.Background()); err == nil || err.Error() != want {
			t.Errorf("%q: Run: %v", c.script, err)
		}
	}
}

// TestParseVersion: versions of bubblewrap, and what is none.
func TestParseVersion(t *testing.T) {
	for out, want := range map[string]Version{"bubblewrap 0.8.0\n": {0, 8}, "bubblewrap 0.11.1": {0, 11}, "bubblewrap 1.0": {1, 0}, "": {}, "bwrap 1.2": {}, "bubblewrap 99999.1": {}} {
		if v, ok := parseVersion([]byte(out)); v != want || ok != (want != Version{}) {
			t.Errorf("%q: %v, %v", out, v, ok)
		}
	}
}

// TestExplain: why the kernel refuses a sandbox is told apart.
func TestExplain(t *testing.T) {
	defer func(old func(string) string) { system = old }(system)
	for _, c := range []struct{ said, setting, value, want string }{
		{"bwrap: setting up uid map: Permission denied\n", "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1", "AppArmor does not let bubblewrap make a user namespace"},
		{"bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted", "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1", "AppArmor does not let bubblewrap make a user namespace"},
		{"bwrap: No permissions to create new namespace, likely because the kernel does not allow non-privileged user namespaces.", "/proc/sys/kernel/unprivileged_userns_clone", "0", "the kernel lets only root make user namespaces"},
		{"bwrap: Creating new namespace failed: No space left on device", "/proc/sys/user/max_user_namespaces", "0", "the kernel allows no user namespaces"},
		{"bwrap: Can't mount proc on /newroot/proc: Operation not permitted", "", "", "bubblewrap could not make a sandbox: Can't mount proc on /newroot/proc: Operation not permitted\n  hint: inside a container"},
		{"bwrap: Can't find source path /x: No such file or directory", "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1", "bubblewrap could not make a sandbox: Can't find source path /x: No such file or directory"},
		{"", "", "", "bubblewrap could not make a sandbox: it said nothing"},
	} {
		system = func(path string) string {
			if path == c.setting {
				return c.value
			}
			return ""
		}
		if err := explain(c.said); !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%q: %v", c.said, err)
		}
	}
}

// TestBubblewrapFails: what bubblewrap says before the command runs is Run's error, and no output.
func TestBubblewrapFails(t *testing.T) {
	b := needSandbox(t)
	for script, want := range map[string]string{
		"echo 'bwrap: setting up uid map: Permission denied' >&2; exit 1": "bubblewrap could not make a sandbox: setting up uid map: Permission denied\n  hint: ",
		"exit 1":     "bubblewrap could not make a sandbox: it said nothing",
		"kill -9 $$": "bubblewrap could not make a sandbox: it said nothing",
		"echo x >&3": "bubblewrap could not make a sandbox: it said nothing",
		`echo '{"child-pid": -1}' >&3; echo 'bwrap: odd' >&2`: "bubblewrap could not make a sandbox: odd",
		`echo '{"child-pid": 999999999}' >&3`:                 "bubblewrap could not make a sandbox: it said nothing",
	} {
		p := shell(t, "echo ran")
		fake := filepath.Join(t.TempDir(), "bwrap")
		if err := os.WriteFile(fake, []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		p.Bubblewrap, p.Output = &Bubblewrap{Path: fake, Version: b.Version}, &out
		exit, err := p.Run(context.Background())
		if err == nil || !strings.HasPrefix(err.Error(), want) || out.Len() > 0 || exit.Code != -1 {
			t.Errorf("%s: %v, %+v, %q", script, err, exit, out.String())
		}
	}
}

// TestOldVersions: an older bubblewrap gets no option that it does not know. What it has instead is held by the watch.
func TestOldVersions(t *testing.T) {
	b := needSandbox(t)
	for v, unknown := range map[Version][]string{{0, 4}: {"--perms", "--size", "--disable-userns", "--clearenv", "--chmod"}, {0, 5}: {"--size", "--disable-userns"}, {0, 7}: {"--disable-userns"}} {
		p := shell(t, "exit 4")
		p.Limits.Disk = 1 << 20
		p.Bubblewrap = &Bubblewrap{Path: b.Path, Version: v}
		args, _, err := p.arguments(v)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range args {
			for _, u := range unknown {
				if a == u {
					t.Errorf("%s gets %s", v, a)
				}
			}
		}
		if exit, _ := run(t, p); exit.Code != 4 {
			t.Errorf("%s: %s", v, exit)
		}
		p.Command = []string{"sh", "-c", "while :; do dd if=/dev/zero of=/tmp/$((n+=1)) bs=64k count=10 2>/dev/null; done"}
		if exit, _ := run(t, p); exit.Killed != TooMuchOnDisk {
			t.Errorf("%s: %s", v, exit)
		}
	}
}
