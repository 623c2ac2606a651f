package sandbox

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// installHint is how bubblewrap is had.
const installHint = "install the Debian or Ubuntu package: apt-get install bubblewrap (Fedora: dnf install bubblewrap; Alpine: apk add bubblewrap)"

// oldest is the first version that has all options that are used.
var oldest = Version{0, 4}

// versions are those of programs that were asked, by path: asking takes as long as starting a sandbox.
var versions sync.Map

// Find looks for bubblewrap in PATH. It does not try whether the kernel lets it make a sandbox: Probe does, and
// Run's error says it.
func Find() (*Bubblewrap, error) {
	path, err := exec.LookPath("bwrap")
	if err != nil {
		return nil, &diag.Error{Msg: "bubblewrap is not installed: there is no program bwrap in PATH; commands are run in its sandbox", Hints: []string{installHint}, Err: err}
	}
	if v, ok := versions.Load(path); ok {
		return &Bubblewrap{Path: path, Version: v.(Version)}, nil
	}
	cmd := exec.Command(path, "--version")
	cmd.Env = []string{}
	out, err := cmd.Output()
	v, ok := parseVersion(out)
	switch {
	case err != nil || !ok:
		return nil, &diag.Error{Msg: path + " --version does not answer as bubblewrap does, with \"bubblewrap 0.8.0\"", Hints: []string{installHint}, Err: err}
	case !v.atLeast(oldest.Major, oldest.Minor):
		return nil, &diag.Error{Msg: path + " is bubblewrap " + v.String() + "; expected " + oldest.String() + " or later", Hints: []string{installHint}}
	}
	versions.Store(path, v)
	return &Bubblewrap{Path: path, Version: v}, nil
}

var versionLine = regexp.MustCompile(`^bubblewrap (\d{1,4})\.(\d{1,4})`)

func parseVersion(out []byte) (Version, bool) {
	m := versionLine.FindSubmatch(out)
	if m == nil {
		return Version{}, false
	}
	major, _ := strconv.Atoi(string(m[1]))
	minor, _ := strconv.Atoi(string(m[2]))
	return Version{major, minor}, true
}

func (p *Process) bubblewrap() (*Bubblewrap, error) {
	if p.Bubblewrap != nil {
		return p.Bubblewrap, nil
	}
	return Find()
}

// Probe tries whether a sandbox can be made. Its error says what is in the way.
func (b *Bubblewrap) Probe(ctx context.Context) error {
	var out bytes.Buffer
	p := &Process{Root: "/", Command: []string{b.Path, "--version"}, Umask: 0o022, Bubblewrap: b, Output: &out}
	exit, err := p.Run(ctx)
	if err == nil && !exit.Success() {
		err = &diag.Error{Msg: "bubblewrap does not work here: " + b.Path + " --version in a sandbox " + exit.String()}
	}
	return err
}

// system yields the files of the kernel's settings; a test has others.
var system = func(path string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(data))
}

// explain turns what bubblewrap said when it could not make a sandbox into an error, with what is in the way where
// that is known.
func explain(said string) error {
	said = strings.TrimSpace(strings.ReplaceAll(said, "bwrap: ", ""))
	if said == "" {
		said = "it said nothing"
	}
	e := &diag.Error{Msg: "bubblewrap could not make a sandbox: " + strings.ReplaceAll(said, "\n", "; "), Err: errors.New(said)}
	switch {
	case !refused(said):
	case system("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1":
		e.Msg = "AppArmor does not let bubblewrap make a user namespace, as Ubuntu 24.04 and later have it (" + said + ")"
		e.Hints = []string{
			"allow it for bubblewrap, with an AppArmor profile that has \"userns,\" in it: apt-get install apparmor-profiles, then link /usr/share/apparmor/extra-profiles/bwrap-userns-restrict into /etc/apparmor.d and load it with apparmor_parser -r",
			"or for all programs: sysctl kernel.apparmor_restrict_unprivileged_userns=0",
		}
	case system("/proc/sys/kernel/unprivileged_userns_clone") == "0":
		e.Msg = "the kernel lets only root make user namespaces, which bubblewrap needs (" + said + ")"
		e.Hints = []string{"allow it: sysctl kernel.unprivileged_userns_clone=1", "or run it as root"}
	case system("/proc/sys/user/max_user_namespaces") == "0":
		e.Msg = "the kernel allows no user namespaces, which bubblewrap needs (" + said + ")"
		e.Hints = []string{"allow some: sysctl user.max_user_namespaces=10000"}
	default:
		e.Hints = []string{"inside a container, its runtime has to allow it: docker run --security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined"}
	}
	return e
}

// refused reports whether bubblewrap's words are those of a kernel that does not want it to.
func refused(said string) bool {
	for _, s := range []string{"Operation not permitted", "Permission denied", "No permissions to creat", "Creating new namespace failed", "No space left on device"} {
		if strings.Contains(said, s) {
			return true
		}
	}
	return false
}
