package audit_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"

	"github.com/sbomctl/sbomctl/engine/oci"
	"github.com/sbomctl/sbomctl/engine/oci/ocitest"
	"github.com/sbomctl/sbomctl/rules/attached"
	"github.com/sbomctl/sbomctl/rules/audit"
	"github.com/sbomctl/sbomctl/rules/pin"
	"github.com/sbomctl/sbomctl/rules/registry"
)

// TestFiftyPins: 50 images of one registry are asked for in parallel, over few connections, and what they share once a repository. No manifest
// is answered before many were asked for, so an audit that asks for one after the other never ends.
func TestFiftyPins(t *testing.T) {
	const pins, together = 50, 12
	s := ocitest.Serve(t)
	base := ocitest.Layer(ocitest.Gzip, ocitest.Entry{Name: "bin/sh", Body: "#!"})
	var images []pin.Image
	for i := range pins {
		set := ocitest.Index(ocitest.Image("linux/amd64", base, ocitest.Layer(ocitest.None, ocitest.Entry{Name: fmt.Sprint("f", i)})), ocitest.Image("linux/arm64", base))
		repo := fmt.Sprintf("org/app%d", i)
		s.Push(repo, "1", set)
		images = append(images, pin.Image{Label: fmt.Sprint("//:i", i), Repository: s.Host() + "/" + repo, Tag: "1", Digest: set.Root.Digest.String(), Platforms: []string{"linux/amd64"}})
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var asked atomic.Int32
	all := make(chan struct{})
	s.Intercept(func(w http.ResponseWriter, r *http.Request) bool {
		if strings.Contains(r.URL.Path, "/manifests/") {
			if asked.Add(1) == together {
				close(all)
			}
			select {
			case <-all:
			case <-ctx.Done():
			}
		}
		return false
	})
	var mu sync.Mutex
	opened := map[net.Conn]bool{}
	transport := &http.Transport{MaxIdleConnsPerHost: 24, DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := (&net.Dialer{}).DialContext(ctx, network, addr)
		mu.Lock()
		opened[c] = true
		mu.Unlock()
		return c, err
	}}
	defer transport.CloseIdleConnections()
	client := &registry.Client{Transport: transport, Keychain: authn.NewMultiKeychain()}
	run := func() []string {
		t.Helper()
		a := &audit.Auditor{Level: audit.Attached, Kept: oci.NewStore(t.TempDir(), nil), Open: func(_ context.Context, im *pin.Image) (*audit.Origin, error) {
			r, err := client.Repository(im.Repository, false)
			return &audit.Origin{Name: im.Repository, Source: r, Registry: r, Lister: attached.Lister(r)}, err
		}}
		results, err := a.Audit(ctx, images)
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range results {
			if r.Image.Label != images[i].Label {
				t.Errorf("result %d is %s", i, r.Image.Label)
			}
			for _, v := range r.Verdicts[audit.Resolves : audit.Attached+1] {
				if v.Outcome != audit.Proven {
					t.Errorf("%s: %+v", r.Image.Label, v)
				}
			}
		}
		return s.Requests()
	}
	requests := map[string]int{}
	for _, r := range run() {
		requests[r]++
	}
	for r, n := range requests {
		if strings.Contains(r, "/blobs/") && n != 1 {
			t.Errorf("%s %d times", r, n)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if n := len(opened); n > len(requests)/2 { // some are given up, with an answer that nobody read to its end
		t.Errorf("%d connections for %d requests", n, len(requests))
	}
}
