package e2e

import (
	"os"
	"strings"
	"testing"
)

// TestAuditOfRelease audits examples/cpython over the real tree of 3.13.5: its script has lost the pin that 3.10 and 3.11 had.
func TestAuditOfRelease(t *testing.T) {
	u := newUser(t)
	dir := release(t)
	if err := os.CopyFS(u.path("example"), os.DirFS("../examples/cpython")); err != nil {
		t.Fatal(err)
	}
	u.dir = u.path("example")
	if err := os.RemoveAll(u.path("sbom-out")); err != nil { // of a build in the checkout
		t.Fatal(err)
	}
	lost := "Tools/build/regen-configure.sh:8:8: warning: //:cpython_autoconf: ghcr.io/python/autoconf:2024.10.16.11360930377 is named by a tag alone"
	u.want(found, []string{lost, "quay.io/tiran/cpython_autoconf:269@sha256:f370fee95eefa3d57b00488bce4911635411fa83e2d293ced8cf8a3674ead939", "offline"},
		"audit", "--offline", "--distdir="+dir, "//...")
	// Level 0 asks no network, and is part of check.
	u.want(found, []string{lost}, "audit", "--level=0", "--distdir="+dir, "//...")
	if r := u.run("check", "--distdir="+dir, "//:cpython_autoconf"); !strings.Contains(r.stdout+r.stderr, lost) {
		t.Errorf("check says\n%s%s", r.stdout, r.stderr)
	}
}
