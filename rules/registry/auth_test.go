package registry

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"

	"github.com/sbomctl/sbomctl/engine/oci"
	"github.com/sbomctl/sbomctl/engine/oci/ocitest"
)

// key is a keychain of one user.
type key authn.AuthConfig

func (k key) Resolve(authn.Resource) (authn.Authenticator, error) {
	return authn.FromConfig(authn.AuthConfig(k)), nil
}

var user = key{Username: "me", Password: secret}

// guardBasic lets in who has the password.
func guardBasic(s *ocitest.Server) {
	s.Intercept(func(w http.ResponseWriter, r *http.Request) bool {
		if name, password, ok := r.BasicAuth(); ok && name == "me" && password == secret {
			return false
		}
		w.Header().Set("WWW-Authenticate", `Negotiate, Basic realm="a \"quoted\" realm"`)
		ocitest.Refuse(w, 401, "UNAUTHORIZED", "authentication required")
		return true
	})
}

func TestBasic(t *testing.T) {
	s, r, set := served(t, client(nil, user))
	guardBasic(s)
	if _, _, err := r.Manifest(ctx, set.Root.Digest); err != nil {
		t.Error(err)
	}
	encoded := key{Auth: base64.StdEncoding.EncodeToString([]byte("me:" + secret))}
	if _, _, err := repository(t, client(nil, encoded), r.Name()).Manifest(ctx, set.Root.Digest); err != nil {
		t.Error(err)
	}
	_, _, err := repository(t, client(nil, nil), r.Name()).Manifest(ctx, set.Root.Digest)
	wantKind(t, err, oci.Auth, s.Host()+" wants credentials", "docker login "+s.Host())
	_, err = repository(t, client(nil, nil), r.Name()).Referrers(ctx, set.Root.Digest)
	wantKind(t, err, oci.Auth)
	_, _, err = repository(t, client(nil, key{Username: "me", Password: "wrong"}), r.Name()).Manifest(ctx, set.Root.Digest)
	wantKind(t, err, oci.Auth, "does not accept the credentials")
	_, _, err = repository(t, client(nil, key{Auth: "%%%"}), r.Name()).Manifest(ctx, set.Root.Digest)
	wantKind(t, err, oci.Auth, "auth is no user and password in base64")
}

// TestUnknownScheme: what is wanted cannot be given.
func TestUnknownScheme(t *testing.T) {
	s, r, set := served(t, client(nil, user))
	for _, header := range []string{"Negotiate", "", `Digest realm="x"`, `="`, strings.Repeat("Basic ,", 10000)} {
		s.Intercept(func(w http.ResponseWriter, r *http.Request) bool {
			if len(header) > 0 {
				w.Header().Set("WWW-Authenticate", header)
			}
			w.WriteHeader(401)
			return true
		})
		_, _, err := r.Manifest(ctx, set.Root.Digest)
		wantKind(t, err, oci.Auth, "expected Basic or Bearer")
	}
}

// tokens is a registry that wants tokens, and a token endpoint on another host that gives them.
type tokens struct {
	*ocitest.Server
	endpoint *httptest.Server
	mu       sync.Mutex
	asked    []string // of the endpoint: "user scope"
	valid    string   // the token that the registry takes
	answer   func(w http.ResponseWriter, r *http.Request)
}

func (s *tokens) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.asked
	s.asked = nil
	return a
}

func withTokens(t *testing.T) (*tokens, *ocitest.Set) {
	s := &tokens{Server: ocitest.Serve(t), valid: "tok-1"}
	set := app()
	s.Push("org/app", "1", set)
	s.endpoint = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.ParseForm()
		name, _, _ := r.BasicAuth()
		s.mu.Lock()
		s.asked = append(s.asked, r.Method+" "+name+" "+r.Form.Get("scope")+" "+r.Form.Get("service")+" "+r.Form.Get("refresh_token"))
		answer, valid := s.answer, s.valid
		s.mu.Unlock()
		if answer != nil {
			answer(w, r)
			return
		}
		fmt.Fprintf(w, `{"access_token":%q,"expires_in":60}`, valid)
	}))
	t.Cleanup(s.endpoint.Close)
	s.Intercept(func(w http.ResponseWriter, r *http.Request) bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		if r.Header.Get("Authorization") == "Bearer "+s.valid {
			return false
		}
		scope := ""
		if r.URL.Path != "/v2/" {
			scope = `,scope="repository:org/app:pull"`
		}
		w.Header().Set("WWW-Authenticate", `Bearer realm="`+s.endpoint.URL+`/token?a=b",service="reg.example"`+scope)
		ocitest.Refuse(w, 401, "UNAUTHORIZED", "authentication required")
		return true
	})
	return s, set
}

// TestToken: a token is got once for a repository, anonymously or as a user, and again when it is not taken any more.
func TestToken(t *testing.T) {
	s, set := withTokens(t)
	for user, asked := range map[key]string{
		{}:                                 "GET  repository:org/app:pull reg.example ",
		{Username: "me", Password: secret}: "GET me repository:org/app:pull reg.example ",
		{IdentityToken: "refresh"}:         "POST  repository:org/app:pull reg.example refresh",
		{RegistryToken: "tok-1"}:           "",
	} {
		r := repository(t, client(nil, user), s.Host()+"/org/app")
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if _, _, err := r.Manifest(ctx, set.Root.Digest); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if got := s.requests(); strings.Join(got, "\n") != asked {
			t.Errorf("%+v: asked %q, expected %q", user, got, asked)
		}
		if user.RegistryToken != "" {
			continue
		}
		s.mu.Lock()
		s.valid = "tok-2"
		s.mu.Unlock()
		if _, _, err := r.Manifest(ctx, set.Root.Digest); err != nil {
			t.Error(err)
		}
		s.requests()
		s.mu.Lock()
		s.valid = "tok-1"
		s.mu.Unlock()
	}
}

// TestTokenRefused: what may go wrong at the token endpoint.
func TestTokenRefused(t *testing.T) {
	s, set := withTokens(t)
	status := func(n int) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", "3600")
			w.WriteHeader(n)
		}
	}
	text := func(s string) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, r *http.Request) { w.Write([]byte(s)) }
	}
	for _, tt := range []struct {
		user   authn.Keychain
		answer func(http.ResponseWriter, *http.Request)
		kind   oci.Kind
		want   string
	}{
		{nil, status(401), oci.Auth, "wants credentials"},
		{nil, status(403), oci.Auth, "wants credentials"},
		{user, status(401), oci.Auth, "does not accept the credentials"},
		{key{IdentityToken: secret}, status(400), oci.Auth, "does not accept the credentials"},
		{nil, status(429), oci.RateLimited, "in 1h0m0s"},
		{nil, status(503), oci.ServerError, "status 503"},
		{nil, text("<html>"), oci.ServerError, "is none"},
		{nil, text("{}"), oci.ServerError, "is none"},
		{nil, text(`{"token":"a\nb"}`), oci.ServerError, "is none"},
		{nil, text(`{"token":"never taken"}`), oci.ServerError, "is none"},
		{nil, text(`{"token":"never-taken"}`), oci.Auth, "wants credentials"},
		{user, text(`{"token":"never-taken"}`), oci.Auth, "does not accept the credentials"},
		{key{RegistryToken: secret}, nil, oci.Auth, "does not accept the credentials"},
		{user, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://192.0.2.7/", http.StatusFound)
		}, oci.ServerError, "redirects to 192.0.2.7, which is plain http"},
		{key{IdentityToken: secret}, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/again", http.StatusTemporaryRedirect)
		}, oci.ServerError, "redirects a request that has credentials in it"},
	} {
		s.mu.Lock()
		s.answer = tt.answer
		s.mu.Unlock()
		_, _, err := repository(t, client(nil, tt.user), s.Host()+"/org/app").Manifest(ctx, set.Root.Digest)
		wantKind(t, err, tt.kind, tt.want)
	}
}

// TestRealm: a registry does not send credentials just anywhere.
func TestRealm(t *testing.T) {
	s, _, set := served(t, client(nil, nil))
	for realm, want := range map[string]string{
		"":                         "names no token endpoint that can be read",
		"/token":                   "names no token endpoint that can be read",
		"ftp://127.0.0.1/":         "which is neither https nor http",
		"http://192.0.2.1/token":   "names a token endpoint at 192.0.2.1, which is plain http",
		"http://me:x@192.0.2.1/tt": "names a token endpoint at 192.0.2.1, which is plain http",
	} {
		s.Intercept(func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("WWW-Authenticate", `Bearer realm="`+realm+`"`)
			w.WriteHeader(401)
			return true
		})
		_, _, err := repository(t, client(nil, user), s.Host()+"/org/app").Manifest(ctx, set.Root.Digest)
		wantKind(t, err, oci.ServerError, want)
	}
}

// TestHidden: to a stranger a registry denies what it has, so that a repository that is not there is no finding; to a user it is one.
func TestHidden(t *testing.T) {
	s := ocitest.Serve(t)
	s.Intercept(func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/v2/" {
			w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
			w.WriteHeader(401)
		} else {
			ocitest.Refuse(w, 404, "NAME_UNKNOWN", "repository name not known to registry")
		}
		return true
	})
	_, _, err := repository(t, client(nil, nil), s.Host()+"/org/app").Resolve(ctx, "1")
	wantKind(t, err, oci.Auth, "wants credentials, or there is no such repository")
	_, _, err = repository(t, client(nil, user), s.Host()+"/org/app").Resolve(ctx, "1")
	wantKind(t, err, oci.Missing, "no such repository")
}

// TestRedirect: what a registry has elsewhere is fetched there, without the credentials for the registry, and those come back with it.
func TestRedirect(t *testing.T) {
	set := app()
	storage := ocitest.Serve(t) // another port is another host
	storage.Push("org/app", "", set)
	s := ocitest.Serve(t)
	s.Push("org/app", "1", set)
	var leaked sync.Map
	storage.Intercept(func(w http.ResponseWriter, r *http.Request) bool {
		if a := r.Header.Get("Authorization"); a != "" {
			leaked.Store(a, true)
		}
		return false
	})
	s.Intercept(func(w http.ResponseWriter, r *http.Request) bool {
		if _, _, ok := r.BasicAuth(); !ok {
			w.Header().Set("WWW-Authenticate", "Basic")
			w.WriteHeader(401)
			return true
		}
		if !strings.Contains(r.URL.Path, "/blobs/") {
			return false
		}
		http.Redirect(w, r, storage.URL+r.URL.Path+"?signature="+secret, http.StatusTemporaryRedirect)
		return true
	})
	r := repository(t, client(nil, user), s.Host()+"/org/app")
	if err := oci.Pull(ctx, r, oci.NewStore(t.TempDir(), nil), set.Root.Digest, nil); err != nil {
		t.Fatal(err)
	}
	leaked.Range(func(a, _ any) bool { t.Errorf("the storage was sent %v", a); return true })
	// What the storage says of it is not the registry's word: neither missing nor a want of credentials.
	for _, status := range []int{401, 403, 404} {
		storage.Intercept(func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("WWW-Authenticate", "Basic")
			ocitest.Refuse(w, status, "BLOB_UNKNOWN", "")
			return true
		})
		for digest, b := range set.Blobs {
			err := r.Exists(ctx, ocitest.Descriptor("", b))
			wantKind(t, err, oci.ServerError, fmt.Sprintf("redirects to %s, which answers with status %d", storage.Host(), status))
			_ = digest
			break
		}
	}
}

// dockerConfig makes a Docker configuration the user's.
func dockerConfig(t *testing.T, config string) string {
	dir := t.TempDir()
	t.Setenv("HOME", dir)
	t.Setenv("DOCKER_CONFIG", filepath.Join(dir, ".docker"))
	t.Setenv("XDG_RUNTIME_DIR", filepath.Join(dir, "none"))
	t.Setenv("REGISTRY_AUTH_FILE", "")
	if err := os.MkdirAll(filepath.Join(dir, ".docker"), 0o777); err != nil {
		t.Fatal(err)
	}
	if config != "" {
		if err := os.WriteFile(filepath.Join(dir, ".docker", "config.json"), []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestDockerConfig: the user's own configuration and helpers are used, and one that is broken is told, not passed over.
func TestDockerConfig(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("credential helpers of this test are shell scripts")
	}
	s, _, set := served(t, client(nil, nil))
	guardBasic(s)
	auth := base64.StdEncoding.EncodeToString([]byte("me:" + secret))
	bin := t.TempDir()
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	helper := func(name, script string) {
		if err := os.WriteFile(filepath.Join(bin, "docker-credential-"+name), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	helper("good", `read host; printf '{"ServerURL":"%s","Username":"me","Secret":"`+secret+`"}' "$host"`)
	helper("none", `echo "credentials not found in native keychain"; exit 1`)
	helper("broken", `echo "boom `+secret+`"; exit 1`)
	helper("odd", `echo "not json `+secret+`"`)
	dir := dockerConfig(t, "") // docker/cli remembers the folder that it saw first
	for _, tt := range []struct {
		config string
		want   string // "" when it is had
	}{
		{`{"auths":{"HOST":{"auth":"` + auth + `"}}}`, ""},
		{`{"credHelpers":{"HOST":"good"}}`, ""},
		{`{"credsStore":"good"}`, ""},
		{`{"auths":{"other.example":{"auth":"` + auth + `"}}}`, "has no credentials for it"},
		{`{}`, "has no credentials for it"},
		{`{"credHelpers":{"HOST":"none"}}`, "has no credentials for it"},
		{`{"credHelpers":{"HOST":"absent"}}`, `docker-credential-absent cannot be run: executable file not found in $PATH`},
		{`{"credHelpers":{"HOST":"broken"}}`, "the credential helper failed with exit status 1"},
		{`{"credHelpers":{"HOST":"odd"}}`, "the credential helper did not answer as one"},
		{`{"auths":`, "parsing config file"},
		{`{"auths":{"HOST":{"auth":"%%%` + secret + `"}}}`, "they cannot be had: "},
	} {
		config := strings.ReplaceAll(tt.config, "HOST", s.Host())
		if err := os.WriteFile(filepath.Join(dir, ".docker", "config.json"), []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
		c := client(nil, nil)
		c.Keychain = nil
		_, _, err := repository(t, c, s.Host()+"/org/app").Manifest(ctx, set.Root.Digest)
		if tt.want == "" {
			if err != nil {
				t.Errorf("%s: %v", tt.config, err)
			}
			continue
		}
		t.Log(tt.config, ":", err)
		wantKind(t, err, oci.Auth, tt.want)
	}
	// A registry that wants nothing is asked without them.
	s.Intercept(nil)
	c := client(nil, nil)
	c.Keychain = nil
	if _, _, err := repository(t, c, s.Host()+"/org/app").Manifest(ctx, set.Root.Digest); err != nil {
		t.Error(err)
	}
}
