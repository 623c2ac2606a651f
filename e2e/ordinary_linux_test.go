package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// nobody is an ordinary user.
const nobody = 65534

// newOrdinary is newUser who is not root.
func newOrdinary(t *testing.T) *user {
	t.Helper()
	u := newUser(t)
	if os.Geteuid() != 0 {
		return u // as ordinary as can be
	}
	for _, dir := range []string{u.dir, u.home} {
		if out, err := exec.Command("chown", "-R", "65534:65534", dir).CombinedOutput(); err != nil {
			t.Fatalf("chown: %v\n%s", err, out)
		}
	}
	if err := os.Chmod(filepath.Dir(u.dir), 0o755); err != nil { // of all temporary folders of the test
		t.Fatal(err)
	}
	u.as = func(cmd *exec.Cmd) {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	return u
}
