package e2e

import (
	"testing"
)

// TestRealImage makes the image, or reads the one that was made.
func TestRealImage(t *testing.T) {
	real(t)
	p := realImages(t)
	index, err := p.ImageIndex()
	if err != nil {
		t.Fatal(err)
	}
	m, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range m.Manifests {
		t.Log(d.Annotations, d.Digest)
	}
}
