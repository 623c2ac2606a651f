package registry

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/oci"
	"github.com/sbomctl/sbomctl/engine/oci/ocitest"
)

// TestImages: the declared folder, those of the command line, what was pulled before, the registry; and what the registry gave is there offline.
func TestImages(t *testing.T) {
	s := ocitest.Serve(t)
	declared, given, remote, none := ocitest.Image("linux/amd64"), ocitest.Image("linux/arm64"), app(), ocitest.Image("linux/s390x")
	s.Push("org/app", "1", remote)
	dirs := []string{t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "oci")}
	declared.WriteLayout(dirs[0])
	given.WriteLayout(dirs[1])
	layout, err := oci.OpenLayout(dirs[1])
	if err != nil {
		t.Fatal(err)
	}
	defer layout.Close()
	images := func(offline bool) *Images {
		c := client(nil, nil)
		c.Offline = offline
		return &Images{Client: c, Layouts: []*oci.Layout{layout}, Store: oci.NewStore(dirs[2], func(m string) { t.Error(m) })}
	}
	open := func(i *Images) oci.Source {
		image, err := i.Open(s.Host()+"/org/app", false, dirs[0])
		if err != nil {
			t.Fatal(err)
		}
		return image
	}
	offline := open(images(true))
	for _, set := range []*ocitest.Set{declared, given} {
		if _, _, err := offline.Manifest(ctx, set.Root.Digest); err != nil {
			t.Error(err)
		}
	}
	_, _, err = offline.Manifest(ctx, remote.Root.Digest)
	wantKind(t, err, oci.Offline, "--offline is set")
	i := images(false)
	image := open(i)
	first, _ := i.Layout(dirs[0])
	if again, err := i.Layout(dirs[0]); again != first || err != nil || first.Dir() != dirs[0] {
		t.Error("a folder is opened for each image", err)
	}
	if err := oci.Pull(ctx, image, i.Store, remote.Root.Digest, nil); err != nil {
		t.Fatal(err)
	}
	_, _, err = image.Manifest(ctx, none.Root.Digest)
	wantKind(t, err, oci.Missing, "of "+s.Host()+"/org/app is not there")
	s.Requests()
	for _, i := range []*Images{images(true), images(false)} {
		if err := oci.Pull(ctx, open(i), i.Store, remote.Root.Digest, nil); err != nil {
			t.Error(err)
		}
	}
	if got := s.Requests(); got != nil {
		t.Errorf("%q", got)
	}
	// Without a store nothing is kept, and a folder that is no layout is told.
	i = images(false)
	i.Store = nil
	if _, _, err := open(i).Manifest(ctx, remote.Root.Digest); err != nil {
		t.Error(err)
	}
	_, err = i.Open(s.Host()+"/org/app", false, t.TempDir())
	var d *diag.Error
	if !errors.As(err, &d) || !strings.Contains(d.Msg, "is no OCI layout") {
		t.Errorf("got %v", err)
	}
	if _, err := i.Open("org/app:1", false, ""); !errors.As(err, &d) {
		t.Errorf("got %v", err)
	}
}
