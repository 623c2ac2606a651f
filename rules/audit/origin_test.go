package audit

import (
	"errors"
	"io"
	"path/filepath"
	"testing"

	"github.com/sbomctl/sbomctl/engine/oci"
	"github.com/sbomctl/sbomctl/engine/oci/ocitest"
)

// TestLayoutName: a layout is called by its path in the workspace, and where it lies on this machine is in no message.
func TestLayoutName(t *testing.T) {
	root := t.TempDir()
	for dir, want := range map[string]string{filepath.Join(root, "a", "b"): "a/b", filepath.Join(filepath.Dir(root), "c"): "c", root: "."} {
		if got := layoutName(root, dir); got != want {
			t.Errorf("%s is called %q, want %q", dir, got, want)
		}
	}
	dir := filepath.Join(root, "l")
	ocitest.Image("linux/amd64").WriteLayout(dir)
	l, err := oci.OpenLayout(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	named := l.Named("l")
	d := l.Roots()[0]
	if _, _, err := named.Manifest(t.Context(), d.Digest); err != nil {
		t.Error(err)
	}
	d.Size--
	r, err := named.Blob(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	_, err = io.ReadAll(r)
	var e *oci.Error
	if !errors.As(err, &e) || e.What != "blob "+d.Digest.String()+" of OCI layout l" {
		t.Errorf("%v", err)
	}
}
