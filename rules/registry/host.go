package registry

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"

	"github.com/sbomctl/sbomctl/engine/oci"
	"github.com/sbomctl/sbomctl/rules/retry"
)

// host is one registry, and what was learned of it.
type host struct {
	client   *Client
	registry name.Registry
	plain    bool // plain http may be spoken with it

	documents chan struct{} // places for requests for documents
	streams   chan struct{} // places for blobs

	greeting sync.Mutex // held while the registry is asked for the first time
	greeted  bool
	greetErr error // it could not be reached: it is not tried again

	credentialsOnce sync.Once
	user            authn.AuthConfig
	userErr         error

	mu        sync.Mutex
	scheme    string     // "https" or "http", once greeted
	challenge *challenge // how it wants to be asked; nil while it has wanted nothing
	tokens    map[string]*token
}

// name is that of the host, with its port when it has one, for messages.
func (h *host) name() string { return h.registry.RegistryStr() }

// login is the command by which a user's credentials for the host get into the Docker configuration.
func (h *host) login() string {
	if h.name() == name.DefaultRegistry {
		return "docker login"
	}
	return "docker login " + h.name()
}

func (h *host) url(path string) *url.URL {
	h.mu.Lock()
	defer h.mu.Unlock()
	return &url.URL{Scheme: h.scheme, Host: h.name(), Path: path}
}

// greet learns, once, by which scheme the registry speaks and how it wants to be asked. https is tried first, and http only when
// what answers there speaks no TLS at all: a certificate that is not trusted is no reason to speak without one.
func (h *host) greet(ctx context.Context, what string) error {
	if h.client.Offline {
		return &oci.Error{Kind: oci.Offline, What: what, Msg: "was not asked for: --offline is set",
			Hints: []string{"run the command again without --offline, or name a folder that has the image with --oci_layout=DIR"}}
	}
	h.greeting.Lock()
	defer h.greeting.Unlock()
	if !h.greeted {
		err := h.knock(ctx, what)
		if ctx.Err() != nil {
			return ended(ctx, what)
		}
		h.greeted, h.greetErr = true, err
	}
	var e *oci.Error
	if errors.As(h.greetErr, &e) {
		return &oci.Error{Kind: e.Kind, What: what, Msg: e.Msg, Hints: e.Hints, Err: e.Err}
	}
	return nil
}

func (h *host) knock(ctx context.Context, what string) error {
	var err error
	for _, scheme := range []string{"https", "http"} {
		h.mu.Lock()
		h.scheme = scheme
		h.mu.Unlock()
		var a *answer
		hello := func() (*http.Request, error) { return http.NewRequest(http.MethodGet, h.url("/v2/").String(), nil) }
		if a, err = h.once(ctx, what, hello); retry.Reset(err) {
			a, err = h.once(ctx, what, hello)
		}
		if err == nil {
			h.challenged(a)
			a.close()
			return nil
		}
		var noTLS tls.RecordHeaderError
		if !h.plain || !errors.As(err, &noTLS) {
			return err
		}
	}
	return err
}

// challenged remembers what an answer asks for, and reports whether that can be met.
func (h *host) challenged(a *answer) bool {
	if a.status != http.StatusUnauthorized || a.foreign {
		return false
	}
	ch := usable(parseChallenges(a.header.Values("WWW-Authenticate")))
	if ch == nil {
		return false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.challenge = ch
	return true
}

// wantsCredentials reports whether the registry ever asked for any.
func (h *host) wantsCredentials() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.challenge != nil
}

// refuses says why u is not asked for the registry; "" when it may be.
func (h *host) refuses(u *url.URL) string {
	h.mu.Lock()
	scheme := h.scheme
	h.mu.Unlock()
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return "which is neither https nor http"
	case u.Scheme == "http" && scheme == "https":
		return "which is plain http"
	case u.Scheme == "http" && !isLoopback(u.Host) && !(h.plain && u.Host == h.name()):
		return "which is plain http"
	case isLoopback(u.Host) && !isLoopback(h.name()):
		return "which is on this machine"
	}
	return ""
}

// sameOrigin reports whether two URLs have one scheme, host and port.
func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b)
}

func port(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "http":
		return "80"
	}
	return "443"
}

// take waits for a place.
func take(ctx context.Context, what string, places chan struct{}) (leave func(), err error) {
	select {
	case places <- struct{}{}:
		return sync.OnceFunc(func() { <-places }), nil
	case <-ctx.Done():
		return nil, ended(ctx, what)
	}
}

// ask makes an authorised request below the registry. Its answer is one that is final: whatever its status is, it is no 401 of the registry's.
func (h *host) ask(ctx context.Context, what, scope, method string, u func() *url.URL, accept []string) (*answer, error) {
	if err := h.greet(ctx, what); err != nil {
		return nil, err
	}
	stale := ""
	for again := false; ; again = true {
		authorization, err := h.authorization(ctx, what, scope, stale)
		if err != nil {
			return nil, err
		}
		if again && authorization == stale {
			return nil, h.refusedAs(ctx, what)
		}
		a, err := h.send(ctx, what, func() (*http.Request, error) {
			r, err := http.NewRequest(method, u().String(), nil)
			if err != nil {
				return nil, err
			}
			r.Header.Set("Accept", strings.Join(accept, ",")) // some read the first such header alone
			if authorization != "" {
				r.Header.Set("Authorization", authorization)
			}
			return r, nil
		})
		if err != nil || a.status != http.StatusUnauthorized || a.foreign {
			return a, err
		}
		a.close()
		if !h.challenged(a) {
			return nil, &oci.Error{Kind: oci.Auth, What: what, Msg: "is not given out: " + h.name() + " wants credentials of a kind that sbomctl has not: expected Basic or Bearer"}
		}
		if again {
			return nil, h.refusedAs(ctx, what)
		}
		h.mu.Lock()
		if s := h.challenge.params["scope"]; s != "" && h.challenge.scheme == "bearer" {
			scope = s
		}
		h.mu.Unlock()
		stale = authorization
	}
}

// refusedAs is the error of a registry that does not let the user in.
func (h *host) refusedAs(ctx context.Context, what string) error {
	user, err := h.credentials(ctx, what)
	if err != nil {
		return err
	}
	return h.denied(what, !isNobody(user))
}
