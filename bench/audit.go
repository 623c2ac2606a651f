package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/sbomctl/sbomctl/engine/oci/ocitest"
)

// How an audit is measured: each answer of the registry takes a while, and one of them takes long.
const (
	pins       = 50
	anyAnswer  = 20 * time.Millisecond
	slowAnswer = 500 * time.Millisecond
)

// slowRegistry is a registry on loopback with answers that take time. Work of its own is a matter of microseconds.
type slowRegistry struct {
	host     string
	slow     string // path of the answer that takes slowAnswer
	delay    atomic.Bool
	requests atomic.Int64
	conns    atomic.Int64
}

func newSlowRegistry() (r *slowRegistry, end func(), err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	r = &slowRegistry{host: listener.Addr().String()}
	behind := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	server := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			r.requests.Add(1)
			if r.delay.Load() {
				d := anyAnswer
				if req.URL.Path == r.slow {
					d = slowAnswer
				}
				select {
				case <-time.After(d):
				case <-req.Context().Done():
				}
			}
			behind.ServeHTTP(w, req)
		}),
		ConnState: func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				r.conns.Add(1)
			}
		},
	}
	go server.Serve(listener)
	return r, func() { server.Close() }, nil
}

// push puts an image of two platforms into the registry, and returns its digest and the digest of a layer.
func (r *slowRegistry) push(dir, repository string) (digest, layer string, err error) {
	own := ocitest.Layer(ocitest.Gzip, ocitest.Entry{Name: "name", Body: repository})
	shared := ocitest.Layer(ocitest.Gzip, ocitest.Entry{Name: "shared", Body: strings.Repeat("shared ", 1000)})
	set := ocitest.Index(ocitest.Image("linux/amd64", shared, own), ocitest.Image("linux/arm64/v8", shared, own))
	set.WriteLayout(dir)
	p, err := layout.FromPath(dir)
	if err != nil {
		return "", "", err
	}
	top, err := p.ImageIndex()
	if err != nil {
		return "", "", err
	}
	index, err := top.ImageIndex(set.Root.Digest)
	if err != nil {
		return "", "", err
	}
	ref, err := name.ParseReference(r.host + "/" + repository + ":1")
	if err != nil {
		return "", "", err
	}
	return set.Root.Digest.String(), own.Digest.String(), remote.WriteIndex(ref, index, remote.WithContext(context.Background()))
}

// audit measures levels 1 to 3 of many pins in one registry, against the one among them whose answer takes longest, alone.
func audit(b *bench) error {
	r, end, err := newSlowRegistry()
	if err != nil {
		return err
	}
	defer end()
	dir := filepath.Join(b.temp, "workspace")
	if err := writeFile(dir, "sbom.star", ""); err != nil {
		return err
	}
	var build strings.Builder
	build.WriteString("load(\"@sbomctl//:rules.star\", \"container_image\")\n")
	for i := range pins {
		repository := fmt.Sprintf("image%02d", i)
		digest, layer, err := r.push(filepath.Join(b.temp, repository), repository)
		if err != nil {
			return err
		}
		if i == 0 {
			r.slow = "/v2/" + repository + "/blobs/" + layer
		}
		fmt.Fprintf(&build, "container_image(name = %q, repository = %q, tag = \"1\", digest = %q, platforms = [\"linux/amd64\", \"linux/arm64/v8\"])\n",
			repository, r.host+"/"+repository, digest)
	}
	if err := writeFile(dir, "BUILD.star", build.String()); err != nil {
		return err
	}
	r.delay.Store(true)
	run := func(name, pattern string, empty bool) step {
		cache := filepath.Join(b.temp, "cache-"+strings.Trim(pattern, "/:."))
		return step{
			name: name,
			before: func() error {
				r.requests.Store(0)
				r.conns.Store(0)
				if empty {
					return os.RemoveAll(cache)
				}
				return nil
			},
			cmd: command(dir, b.sbomctl, "audit", "--disk_cache="+cache, pattern),
		}
	}
	if err := b.against(run(fmt.Sprintf("levels 1 to 3 of %d pins, empty cache", pins), "//...", true), run("the slowest of them alone", "//:image00", true), "1.5"); err != nil {
		return err
	}
	again := run(fmt.Sprintf("levels 1 to 3 of %d pins, again", pins), "//...", false)
	again.after = func() error {
		// A connection serves many requests: there is one pool of them.
		if requests, conns := r.requests.Load(), r.conns.Load(); conns*4 > requests {
			return fmt.Errorf("%d connections for %d requests", conns, requests)
		}
		return nil
	}
	return b.against(again, run("the slowest of them alone", "//:image00", false), "1.5")
}
