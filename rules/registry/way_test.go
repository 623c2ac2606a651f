package registry

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sbomctl/sbomctl/engine/oci"
	"github.com/sbomctl/sbomctl/engine/oci/ocitest"
)

// TestTLS: a certificate that is not trusted is told as that, and no reason to speak http, which a server of https answers with a status 400
// (trap); with one that is trusted all is well.
func TestTLS(t *testing.T) {
	s := ocitest.ServeTLS(t)
	set := app()
	s.Push("org/app", "1", set)
	_, _, err := repository(t, client(nil, nil), s.Host()+"/org/app").Manifest(ctx, set.Root.Digest)
	wantKind(t, err, oci.TLS, "the certificate of "+s.Host()+" is signed by nobody whom this machine trusts", "SSL_CERT_FILE")
	r, err := client(nil, nil).Repository(s.Host()+"/org/app", true)
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = r.Manifest(ctx, set.Root.Digest)
	wantKind(t, err, oci.TLS)
	if got := s.Requests(); got != nil {
		t.Errorf("it was asked after all: %q", got)
	}
	c := client(nil, nil)
	c.Transport = s.Client().Transport
	if _, _, err := repository(t, c, s.Host()+"/org/app").Manifest(ctx, set.Root.Digest); err != nil {
		t.Error(err)
	}
	// Its certificate is that of example.com.
	transport := s.Client().Transport.(*http.Transport).Clone()
	transport.TLSClientConfig.ServerName = "registry.example.org"
	c = client(nil, nil)
	c.Transport = transport
	_, _, err = repository(t, c, s.Host()+"/org/app").Manifest(ctx, set.Root.Digest)
	wantKind(t, err, oci.TLS, "is another host's")
	// A clock that is wrong.
	transport = s.Client().Transport.(*http.Transport).Clone()
	transport.TLSClientConfig.Time = func() time.Time { return time.Unix(-1e9, 0) }
	c = client(nil, nil)
	c.Transport = transport
	_, _, err = repository(t, c, s.Host()+"/org/app").Manifest(ctx, set.Root.Digest)
	wantKind(t, err, oci.TLS, "has expired, or is not valid yet")
	// A version of TLS that it does not speak.
	s.Server.TLS.MinVersion = tls.VersionTLS13
	transport = s.Client().Transport.(*http.Transport).Clone()
	transport.TLSClientConfig.MaxVersion = tls.VersionTLS12
	old := httptest.NewUnstartedServer(http.NotFoundHandler())
	old.TLS = &tls.Config{MinVersion: tls.VersionTLS13}
	old.Config.ErrorLog = s.Config.ErrorLog
	old.StartTLS()
	t.Cleanup(old.Close)
	c = client(nil, nil)
	c.Transport = transport
	_, _, err = repository(t, c, old.Listener.Addr().String()+"/org/app").Manifest(ctx, set.Root.Digest)
	wantKind(t, err, oci.TLS, "do not agree on TLS")
}

// elsewhere lets a client reach a server of the loopback interface by another name.
type elsewhere struct {
	*http.Transport
}

func at(addr string) elsewhere {
	tr := http.DefaultTransport.(*http.Transport).Clone()
	tr.Proxy = nil
	d := net.Dialer{}
	tr.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return d.DialContext(ctx, network, addr)
	}
	return elsewhere{tr}
}

// TestPlainHTTP: it is spoken with the loopback interface, and else only where that is declared; with a private network it is not (trap).
func TestPlainHTTP(t *testing.T) {
	s := ocitest.Serve(t)
	set := app()
	s.Push("org/app", "1", set)
	for _, host := range []string{"registry.example.org", "10.1.2.3:5000", "192.168.0.1", "registry.local"} {
		c := client(nil, nil)
		c.Transport = at(s.Host())
		_, _, err := repository(t, c, host+"/org/app").Manifest(ctx, set.Root.Digest)
		wantKind(t, err, oci.TLS, host+" does not speak TLS", "declare insecure = True")
		r, err := c.Repository(host+"/org/app", true)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := r.Manifest(ctx, set.Root.Digest); err != nil {
			t.Error(host, err)
		}
		// Who may be asked without TLS may not send on to others without it.
		s.Intercept(only("/manifests/", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://other.example.org/x", http.StatusFound)
		}))
		_, _, err = r.Manifest(ctx, set.Root.Digest)
		wantKind(t, err, oci.ServerError, "redirects to other.example.org, which is plain http")
		s.Intercept(only("/manifests/", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://localhost/x", http.StatusFound)
		}))
		_, _, err = r.Manifest(ctx, set.Root.Digest)
		wantKind(t, err, oci.ServerError, "redirects to localhost, which is on this machine")
		s.Intercept(nil)
	}
	for host, want := range map[string]bool{"localhost": true, "127.0.0.1:5000": true, "[::1]:5": true, "::1": true, "x.localhost:1": true,
		"localhost.example.org": false, "127.0.0.1.example.org": false, "10.0.0.1": false, "": false} {
		if isLoopback(host) != want {
			t.Errorf("%q: %v", host, !want)
		}
	}
}

// TestDowngrade: from https nobody is sent on to plain http.
func TestDowngrade(t *testing.T) {
	plain := ocitest.Serve(t)
	s := ocitest.ServeTLS(t)
	set := app()
	plain.Push("org/app", "1", set)
	s.Intercept(only("/manifests/", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, plain.URL+r.URL.Path, http.StatusMovedPermanently)
	}))
	c := client(nil, nil)
	c.Transport = s.Client().Transport
	_, _, err := repository(t, c, s.Host()+"/org/app").Manifest(ctx, set.Root.Digest)
	wantKind(t, err, oci.ServerError, "redirects to "+plain.Host()+", which is plain http")
	if got := plain.Requests(); got != nil {
		t.Errorf("%q", got)
	}
}

// failing is a way to nowhere.
type failing struct{ err error }

func (f failing) RoundTrip(*http.Request) (*http.Response, error) { return nil, f.err }

// TestUnreachable: each way in which there is no answer.
func TestUnreachable(t *testing.T) {
	digest := oci.DigestOf(nil)
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	for _, tt := range []struct {
		err  error
		kind oci.Kind
		want string
	}{
		{&url.Error{Op: "Get", URL: "https://me:" + secret + "@x/", Err: dial(&net.DNSError{Err: "no such host", Name: "r.example", IsNotFound: true})}, oci.Offline, "the name r.example cannot be resolved"},
		{dial(&net.DNSError{Err: "server misbehaving", Name: "r.example", IsTemporary: true}), oci.Offline, "cannot be resolved"},
		{dial(&net.DNSError{Err: "i/o timeout", Name: "r.example", IsTimeout: true}), oci.Timeout, "does not answer"},
		{dial(os.NewSyscallError("connect", syscall.ECONNREFUSED)), oci.Offline, "r.example cannot be reached: connection refused"},
		{dial(os.NewSyscallError("connect", syscall.ENETUNREACH)), oci.Offline, "network is unreachable"},
		{dial(os.ErrDeadlineExceeded), oci.Timeout, "does not answer"},
		{&net.OpError{Op: "proxyconnect", Net: "tcp", Err: syscall.ECONNREFUSED}, oci.Offline, "the proxy on the way to r.example"},
		{errors.New("Proxy Authentication Required"), oci.Offline, "the proxy on the way to r.example"},
		{&net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}, oci.ServerError, "ended the connection without an answer"},
		{errors.New(`net/http: HTTP/1.x transport connection broken: malformed HTTP response "SSH-2.0"`), oci.ServerError, "ended the connection"},
	} {
		c := client(nil, nil)
		c.Transport = failing{tt.err}
		_, _, err := repository(t, c, "r.example/x").Manifest(ctx, digest)
		wantKind(t, err, tt.kind, "manifest "+digest.String()+" of r.example/x could not be asked for", tt.want)
	}
	// Nothing listens on a port that was closed.
	s := httptest.NewServer(nil)
	s.Close()
	_, _, err := repository(t, client(nil, nil), s.Listener.Addr().String()+"/x").Manifest(ctx, digest)
	wantKind(t, err, oci.Offline, "connection refused", "--offline takes what was pulled before")
}

// TestUnreachableOnce: a registry that cannot be reached is tried once, however much is wanted of it.
func TestUnreachableOnce(t *testing.T) {
	tried := 0
	c := client(nil, nil)
	c.Transport = roundTrip(func(*http.Request) (*http.Response, error) {
		tried++
		return nil, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
	})
	for _, name := range []string{"r.example/a", "r.example/b", "r.example/a"} {
		_, _, err := repository(t, c, name).Manifest(ctx, oci.DigestOf(nil))
		wantKind(t, err, oci.Offline, "of "+name+" could not")
	}
	if tried != 1 {
		t.Errorf("tried %d times", tried)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestProxy: the environment's proxy is asked.
func TestProxy(t *testing.T) {
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodConnect {
			w.WriteHeader(http.StatusProxyAuthRequired)
		}
	}))
	defer proxy.Close()
	at, _ := url.Parse(proxy.URL)
	at.User = url.UserPassword("me", secret)
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = http.ProxyURL(at)
	c := client(nil, nil)
	c.Transport = transport
	_, _, err := repository(t, c, "r.example/x").Manifest(ctx, oci.DigestOf(nil))
	wantKind(t, err, oci.Offline, "the proxy on the way to r.example does not let it through", "$HTTPS_PROXY")
	if own := (&Client{}).transport().(*http.Transport); own.Proxy == nil {
		t.Error("the environment's proxies are not asked")
	}
}

// TestUserAgent: it is one of our own, as registries ask for.
func TestUserAgent(t *testing.T) {
	c := client(nil, nil)
	c.UserAgent = "sbomctl/test"
	s, r, _ := served(t, c)
	s.Intercept(func(w http.ResponseWriter, r *http.Request) bool {
		if r.UserAgent() != "sbomctl/test" || r.Header.Get("Accept-Encoding") != "identity" || strings.Contains(r.Header.Get("Accept"), "v1+prettyjws") {
			t.Errorf("%v", r.Header)
		}
		return false
	})
	if _, _, err := r.Resolve(ctx, "1"); err != nil {
		t.Error(err)
	}
}
