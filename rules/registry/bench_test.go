package registry

import (
	"fmt"
	"sync"
	"testing"

	"github.com/sbomctl/sbomctl/engine/oci"
	"github.com/sbomctl/sbomctl/engine/oci/ocitest"
)

// BenchmarkPull pulls an image with a large layer into an empty store: bounded by hashing once and writing once.
func BenchmarkPull(b *testing.B) {
	big := ocitest.LayerOf(ocitest.None, make([]byte, 128<<20))
	set := ocitest.Image("linux/amd64", big)
	s := ocitest.Serve(b)
	s.Push("org/app", "1", set)
	c := client(nil, nil)
	defer c.Close()
	r, err := c.Repository(s.Host()+"/org/app", false)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(big.Size)
	b.ReportAllocs()
	for b.Loop() {
		if err := oci.Pull(ctx, r, oci.NewStore(b.TempDir(), nil), set.Root.Digest, nil); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPins resolves 50 tags and fetches what they name, at once, by one client.
func BenchmarkPins(b *testing.B) {
	s := ocitest.Serve(b)
	set := app()
	for i := range 50 {
		s.Push(fmt.Sprintf("org/app%d", i), "1", set)
	}
	for b.Loop() {
		c := client(nil, nil)
		var wg sync.WaitGroup
		for i := range 50 {
			wg.Go(func() {
				r, err := c.Repository(fmt.Sprintf("%s/org/app%d", s.Host(), i), false)
				if err == nil {
					_, _, err = r.Resolve(ctx, "1")
				}
				if err == nil {
					err = oci.Pull(ctx, r, oci.NewStore(b.TempDir(), nil), set.Root.Digest, nil)
				}
				if err != nil {
					b.Error(err)
				}
			})
		}
		wg.Wait()
		c.Close()
	}
}
