package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/sbomctl/sbomctl/engine/oci"
	"github.com/sbomctl/sbomctl/engine/oci/ocitest"
)

// Commands for the scripts that need a registry of container images:
//
//	registry VAR [tls]              starts one on the loopback interface; sets VAR to its host and port
//	image NAME VAR                  sets VAR to the digest of a sample image: see sampleImages
//	push HOST/REPO TAG NAME         puts a sample image there, and the tag on it
//	damage-image HOST/REPO HOW...   remove-child, remove-layer, remove-config, remove-root, flip-layer, flip-child
//	retype HOST/REPO TYPE           sends the index under that media type
//	answers HOST HOW                401, 429, 503, 504: nothing but that status; all: itself again
//	layout DIR NAME                 writes a sample image as an OCI layout
//	asked HOST PATTERN N            how many requests since the last time begin with a method and contain the pattern
//
//	expand FILE...                  replaces ${VAR} in files
//
//	exits N COMMAND...              exec, whose exit code must be N
//
// The program portless runs its arguments as a command and replaces the registry's host, whose port is another each time, by "registry".
//
// The environment variable SBOMCTL_TEST_NOW is the clock of an audit, for tests alone.
func init() {
	scriptCommands["registry"] = startRegistry
	scriptCommands["image"] = func(ts *testscript.TestScript, _ bool, args []string) {
		ts.Setenv(args[1], sampleImage(ts, args[0]).Root.Digest.String())
	}
	scriptCommands["push"] = func(ts *testscript.TestScript, _ bool, args []string) {
		host, repo, _ := strings.Cut(args[0], "/")
		registryAt(ts, host).Push(repo, args[1], sampleImage(ts, args[2]))
	}
	scriptCommands["damage-image"] = damageImage
	scriptCommands["answers"] = registryAnswers
	scriptCommands["retype"] = func(ts *testscript.TestScript, _ bool, args []string) {
		host, repo, _ := strings.Cut(args[0], "/")
		registryAt(ts, host).Change(repo, func(s *ocitest.Set) {
			for digest, d := range s.Manifests {
				if d.MediaType.IsIndex() {
					d.MediaType = types.MediaType(args[1])
					s.Manifests[digest] = d
				}
			}
		})
	}
	scriptCommands["layout"] = func(ts *testscript.TestScript, _ bool, args []string) {
		sampleImage(ts, args[1]).WriteLayout(ts.MkAbs(args[0]))
	}
	scriptCommands["asked"] = registryAsked
	scriptCommands["exits"] = func(ts *testscript.TestScript, _ bool, args []string) {
		want, err := strconv.Atoi(args[0])
		ts.Check(err)
		code := 0
		var exit *exec.ExitError
		switch err := ts.Exec(args[1], args[2:]...); {
		case errors.As(err, &exit):
			code = exit.ExitCode()
		case err != nil:
			ts.Fatalf("%v", err)
		}
		if code != want {
			ts.Fatalf("exit code %d, want %d\nstdout:\n%s\nstderr:\n%s", code, want, ts.ReadFile("stdout"), ts.ReadFile("stderr"))
		}
	}
	scriptCommands["expand"] = func(ts *testscript.TestScript, _ bool, args []string) {
		for _, name := range args {
			b, err := os.ReadFile(ts.MkAbs(name))
			ts.Check(err)
			ts.Check(os.WriteFile(ts.MkAbs(name), []byte(os.Expand(string(b), ts.Getenv)), 0o666))
		}
	}
	if text := os.Getenv("SBOMCTL_TEST_NOW"); text != "" {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			panic(err)
		}
		now = func() time.Time { return at }
	}
}

// portless is a program for scripts: see above.
func portless() {
	host := regexp.MustCompile(`127\.0\.0\.1:[0-9]+`)
	cmd := exec.Command(os.Args[1], os.Args[2:]...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	_, _ = os.Stdout.Write(host.ReplaceAll(stdout.Bytes(), []byte("registry")))
	_, _ = os.Stderr.Write(host.ReplaceAll(stderr.Bytes(), []byte("registry")))
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		os.Exit(exit.ExitCode())
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(127)
	}
}

// sampleImages are made anew for whoever damages them.
var sampleImages = map[string]func() *ocitest.Set{
	"two": func() *ocitest.Set {
		return ocitest.Index(ocitest.Image("linux/amd64", sampleBase, sampleTop), ocitest.Image("linux/arm64/v8", sampleBase))
	},
	"one":    func() *ocitest.Set { return ocitest.Index(ocitest.Image("linux/amd64", sampleBase, sampleTop)) },
	"single": func() *ocitest.Set { return ocitest.Image("linux/amd64", sampleBase, sampleTop) },
	"wrong": func() *ocitest.Set {
		return ocitest.IndexWith(func(m *v1.IndexManifest) {
			m.Manifests[1].Platform = &v1.Platform{OS: "linux", Architecture: "arm64"}
		}, ocitest.Image("linux/amd64", sampleBase), ocitest.Image("linux/s390x", sampleTop))
	},
}

// The layers are not compressed, so that their digests do not depend on the compressor.
var (
	sampleBase = ocitest.Layer(ocitest.None, ocitest.Entry{Name: "bin/"}, ocitest.Entry{Name: "bin/sh", Body: "#!"})
	sampleTop  = ocitest.Layer(ocitest.None, ocitest.Entry{Name: "top", Body: "x"})
)

func sampleImage(ts *testscript.TestScript, name string) *ocitest.Set {
	made := sampleImages[name]
	if made == nil {
		ts.Fatalf("unknown image %q", name)
	}
	return made()
}

var registries sync.Map // *ocitest.Server by host

// scriptTB lets a server end with its script.
type scriptTB struct {
	testing.TB
	ts *testscript.TestScript
}

func (t scriptTB) Cleanup(f func()) { t.ts.Defer(f) }

func startRegistry(ts *testscript.TestScript, _ bool, args []string) {
	serve := ocitest.Serve
	if len(args) == 2 && args[1] == "tls" {
		serve = ocitest.ServeTLS
	}
	s := serve(scriptTB{ts: ts})
	registries.Store(s.Host(), s)
	ts.Setenv(args[0], s.Host())
}

func registryAt(ts *testscript.TestScript, host string) *ocitest.Server {
	s, ok := registries.Load(host)
	if !ok {
		ts.Fatalf("no registry at %q", host)
	}
	return s.(*ocitest.Server)
}

func damageImage(ts *testscript.TestScript, _ bool, args []string) {
	host, repo, _ := strings.Cut(args[0], "/")
	registryAt(ts, host).Change(repo, func(s *ocitest.Set) {
		var root, last v1.Hash
		var image *v1.Manifest
		for digest, d := range s.Manifests {
			doc, err := oci.Parse("a manifest", d.Bytes, d.MediaType)
			if err == nil && doc.Index != nil {
				root, last = digest, doc.Index.Manifests[len(doc.Index.Manifests)-1].Digest
			}
		}
		if d, ok := s.Manifests[last]; ok {
			image, _ = v1.ParseManifest(bytes.NewReader(d.Bytes))
		}
		for _, how := range args[1:] {
			switch how {
			case "remove-root":
				s.Remove(root)
			case "remove-child":
				s.Remove(last)
			case "flip-child":
				s.Flip(last)
			case "remove-config":
				s.Remove(image.Config.Digest)
			case "remove-layer":
				s.Remove(image.Layers[0].Digest)
			case "flip-layer":
				s.Flip(image.Layers[0].Digest)
			default:
				ts.Fatalf("unknown damage %q", how)
			}
		}
	})
}

func registryAnswers(ts *testscript.TestScript, _ bool, args []string) {
	s, how := registryAt(ts, args[0]), args[1]
	if how == "all" {
		s.Intercept(nil)
		return
	}
	status, err := strconv.Atoi(how)
	ts.Check(err)
	s.Intercept(func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/v2/" && status != http.StatusUnauthorized {
			return false
		}
		if status == http.StatusUnauthorized {
			w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
		}
		w.Header().Set("Retry-After", "3600") // longer than anybody waits
		ocitest.Refuse(w, status, "UNKNOWN", "no")
		return true
	})
}

func registryAsked(ts *testscript.TestScript, _ bool, args []string) {
	n := 0
	for _, r := range registryAt(ts, args[0]).Requests() {
		if strings.Contains(r, args[1]) {
			n++
		}
	}
	if want, err := strconv.Atoi(args[2]); err != nil || n != want {
		ts.Fatalf("%d requests contain %q, want %s", n, args[1], args[2])
	}
}
