package registry

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/sbomctl/sbomctl/engine/oci"
	"github.com/sbomctl/sbomctl/engine/oci/ocitest"
)

// TestReferrers: by the API, and where there is none, by the tag in its place.
func TestReferrers(t *testing.T) {
	s, r, set := served(t, client(nil, nil))
	if got, err := r.Referrers(ctx, set.Root.Digest); err != nil || len(got) != 0 {
		t.Fatal(got, err)
	}
	signature := ocitest.Artifact(set.Root, "application/vnd.test.signature", "application/octet-stream", []byte("signed"), map[string]string{"by": "me"})
	s.Push("org/app", "", signature)
	got, err := r.Referrers(ctx, set.Root.Digest)
	if err != nil || len(got) != 1 || got[0].Digest != signature.Root.Digest || got[0].ArtifactType != "application/vnd.test.signature" || got[0].Annotations["by"] != "me" {
		t.Fatal(got, err)
	}
	fallback := "sha256-" + set.Root.Digest.Hex
	for name, api := range map[string]func(w http.ResponseWriter, r *http.Request){
		"404":  func(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) },
		"405":  func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(405) },
		"page": func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("<html>")) },
		"name": func(w http.ResponseWriter, r *http.Request) { ocitest.Refuse(w, 404, "NAME_UNKNOWN", "") },
	} {
		t.Run(name, func(t *testing.T) {
			s, r, set := served(t, client(nil, nil))
			s.Push("org/app", "", signature)
			s.Intercept(only("/referrers/", api))
			if got, err := r.Referrers(ctx, set.Root.Digest); err != nil || len(got) != 0 {
				t.Error(got, err)
			}
			s.Push("org/app", fallback, ocitest.Index(signature))
			got, err := r.Referrers(ctx, set.Root.Digest)
			if err != nil || len(got) != 1 || got[0].Digest != signature.Root.Digest {
				t.Error(got, err)
			}
			s.Push("org/app", fallback, ocitest.Image("linux/amd64"))
			_, err = r.Referrers(ctx, set.Root.Digest)
			wantKind(t, err, oci.MediaType, "expected an index")
		})
	}
	for name, tt := range map[string]struct {
		f    func(w http.ResponseWriter, r *http.Request)
		kind oci.Kind
	}{
		"500":      {func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(500) }, oci.ServerError},
		"403":      {func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(403) }, oci.Auth},
		"manifest": {answering(types.OCIImageIndex, `{"schemaVersion":2,"mediaType":"`+string(types.OCIManifestSchema1)+`"}`, ""), oci.Malformed},
		"torn":     {answering(types.OCIImageIndex, `{"schemaVersion":2,`, ""), oci.Malformed},
		"sha512":   {answering(types.OCIImageIndex, `{"schemaVersion":2,"manifests":[{"digest":"sha512:`+strings.Repeat("a", 128)+`"}]}`, ""), oci.Malformed},
		"away":     {answering(types.OCIImageIndex, `{"schemaVersion":2,"manifests":[]}`, `<https://other.example/x>; rel="next"`), oci.ServerError},
	} {
		t.Run(name, func(t *testing.T) {
			s, r, set := served(t, client(nil, nil))
			s.Intercept(only("/referrers/", tt.f))
			_, err := r.Referrers(ctx, set.Root.Digest)
			wantKind(t, err, tt.kind)
		})
	}
}

func answering(t types.MediaType, body, link string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", string(t))
		if link != "" {
			w.Header().Set("Link", link)
		}
		w.Write([]byte(body))
	}
}

// TestReferrersPages: pages are followed, and not without end.
func TestReferrersPages(t *testing.T) {
	s, r, set := served(t, client(nil, nil))
	var last, each atomic.Int32
	each.Store(1)
	s.Intercept(only("/referrers/", func(w http.ResponseWriter, r *http.Request) {
		n := int32(0)
		fmt.Sscan(r.URL.Query().Get("page"), &n)
		var list []string
		for i := range each.Load() {
			list = append(list, fmt.Sprintf(`{"digest":"%s","size":1}`, oci.DigestOf([]byte{byte(n), byte(i), byte(i >> 8)})))
		}
		link := ""
		if n < last.Load() {
			link = fmt.Sprintf(`<%s?page=%d>; rel="next"`, r.URL.Path, n+1)
		}
		answering(types.OCIImageIndex+"; charset=utf-8", `{"schemaVersion":2,"manifests":[`+strings.Join(list, ",")+`]}`, link)(w, r)
	}))
	last.Store(3)
	got, err := r.Referrers(ctx, set.Root.Digest)
	if err != nil || len(got) != 4 || got[3].Digest != oci.DigestOf([]byte{3, 0, 0}) {
		t.Error(got, err)
	}
	last.Store(1000)
	_, err = r.Referrers(ctx, set.Root.Digest)
	wantKind(t, err, oci.Malformed, "more than 20 pages")
	each.Store(600)
	_, err = r.Referrers(ctx, set.Root.Digest)
	wantKind(t, err, oci.Malformed, "more than 1000 entries")
	each.Store(0)
	last.Store(2)
	if got, err := r.Referrers(ctx, set.Root.Digest); err != nil || len(got) != 0 {
		t.Error(got, err)
	}
}

// TestMirror: mirrors and pull-through caches call a manifest something else. What it is called is passed on, and what it is, its bytes say (trap).
func TestMirror(t *testing.T) {
	s, r, set := served(t, client(nil, nil))
	for header, want := range map[string]types.MediaType{
		"application/json":                               "application/json",
		"application/octet-stream":                       "application/octet-stream",
		"text/plain; charset=utf-8":                      "text/plain",
		string(types.DockerManifestList) + "; charset=x": types.DockerManifestList,
		";;;": "",
	} {
		s.Intercept(only("/manifests/", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", header)
			w.Write(set.Manifests[set.Root.Digest].Bytes)
		}))
		b, called, err := r.Manifest(ctx, set.Root.Digest)
		if err != nil || called != want {
			t.Errorf("%q: %q, %v", header, called, err)
			continue
		}
		doc, err := oci.Parse("it", b, called)
		if err != nil || doc.Index == nil || doc.MediaType != types.OCIImageIndex {
			t.Errorf("%q: %v, %v", header, doc, err)
		}
	}
}

// TestPlaces: a host is asked by so many at once, and no more, by one pool of connections.
func TestPlaces(t *testing.T) {
	c := client(nil, nil)
	s, _, set := served(t, c)
	var now, most atomic.Int32
	var remotes sync.Map
	s.Intercept(func(w http.ResponseWriter, r *http.Request) bool {
		n := now.Add(1)
		defer now.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		remotes.Store(r.RemoteAddr, true)
		return false
	})
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() {
			r := repository(t, c, s.Host()+"/org/app")
			if _, _, err := r.Manifest(ctx, set.Root.Digest); err != nil {
				t.Error(i, err)
			}
			for _, b := range set.Blobs {
				if _, err := read(t, r, ocitest.Descriptor("", b)); err != nil {
					t.Error(i, err)
				}
			}
		})
	}
	wg.Wait()
	connections := 0
	remotes.Range(func(any, any) bool { connections++; return true })
	if most.Load() > maxDocuments+maxStreams || connections > 2*(maxDocuments+maxStreams) {
		t.Errorf("%d requests at once, %d connections", most.Load(), connections)
	}
}

func FuzzNextPage(f *testing.F) {
	for _, s := range []string{`</v2/x?n=1>; rel="next"`, "<>;rel=next", "<http://[::1", `<http://me:x@y/>; rel=next`, ""} {
		f.Add(s)
	}
	at := &url.URL{Scheme: "https", Host: "r.example", Path: "/v2/x/referrers/y"}
	f.Fuzz(func(t *testing.T, s string) {
		if next, ok := nextPage(at, s); ok && (next.User != nil || next.String() == "" || next.Host == "" && sameOrigin(next, at)) {
			t.Errorf("%q: %v", s, next)
		}
	})
}

func FuzzChallenges(f *testing.F) {
	for _, s := range []string{`Bearer realm="https://x/t",service="y",scope="repository:a/b:pull"`, `Negotiate, Basic realm="a\"b"`, `Basic`, `a=b`, `Bearer realm="`, `Bearer =`, ",,,", `Digest a=1 , b="2",Basic`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, c := range parseChallenges([]string{s}) {
			if c.scheme == "" || c.scheme != strings.ToLower(c.scheme) {
				t.Errorf("%q: %+v", s, c)
			}
		}
	})
}

func TestChallenges(t *testing.T) {
	for header, want := range map[string]string{
		`Bearer realm="https://x/t",service="y",scope="repository:a/b:pull,push"`: "bearer https://x/t y repository:a/b:pull,push",
		`Negotiate, Basic realm="a\"b, c"`:                                        `basic a"b, c  `,
		`Basic realm=x, Bearer realm=y`:                                           "bearer y  ",
		`BEARER Realm = "x" , SERVICE = z`:                                        "bearer x z ",
		`Bearer`:                                                                  "bearer   ",
		`Digest realm="x"`:                                                        "",
		`realm="x"`:                                                               "",
		`Bearer realm="x`:                                                         "bearer   ",
	} {
		got := ""
		if c := usable(parseChallenges([]string{header})); c != nil {
			got = strings.Join([]string{c.scheme, c.params["realm"], c.params["service"], c.params["scope"]}, " ")
		}
		if got != want {
			t.Errorf("%s: %q, expected %q", header, got, want)
		}
	}
}
