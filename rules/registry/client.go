package registry

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/oci"
	"github.com/sbomctl/sbomctl/rules/retry"
)

// Client asks registries. The zero value works; nothing of it is changed once it is in use. It may be used by several goroutines.
type Client struct {
	Offline   bool              // no registry is asked: every answer is an oci.Offline error
	Keychain  authn.Keychain    // where credentials come from; nil: the user's Docker configuration and its helpers
	Transport http.RoundTripper // nil: one of its own, with the proxies that the environment names
	UserAgent string            // "": sbomctl
	Note      func(msg string)  // told when a registry is waited for, in a line; nil: nobody is

	Silence  time.Duration // how long a server may send nothing; 0: 30 seconds
	Patience time.Duration // how long one document, with all attempts, may take; 0: two minutes

	Now  func() time.Time                                 // nil: time.Now
	Wait func(ctx context.Context, d time.Duration) error // before a request is made again; nil: really waits

	mu    sync.Mutex
	own   *http.Transport
	hosts map[hostKey]*host
}

type hostKey struct {
	name     string
	insecure bool
}

// What a Client does when its fields say nothing, and the bounds that are not for anybody to set.
const (
	defaultSilence  = 30 * time.Second
	defaultPatience = 2 * time.Minute

	maxDocuments = 32 // requests for documents to one host at once
	maxStreams   = 32 // blobs from one host at once
)

func (c *Client) silence() time.Duration {
	if c.Silence > 0 {
		return c.Silence
	}
	return defaultSilence
}

func (c *Client) patience() time.Duration {
	if c.Patience > 0 {
		return c.Patience
	}
	return defaultPatience
}

func (c *Client) now() time.Time {
	if c.Now != nil {
		return c.Now()
	}
	return time.Now()
}

func (c *Client) wait(ctx context.Context, d time.Duration) error {
	if c.Wait != nil {
		return c.Wait(ctx, d)
	}
	return retry.Wait(ctx, d)
}

func (c *Client) keychain() authn.Keychain {
	if c.Keychain != nil {
		return c.Keychain
	}
	return authn.DefaultKeychain
}

func (c *Client) transport() http.RoundTripper {
	if c.Transport != nil {
		return c.Transport
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.own == nil {
		c.own = http.DefaultTransport.(*http.Transport).Clone()
		c.own.MaxIdleConnsPerHost = maxDocuments + maxStreams
		c.own.MaxResponseHeaderBytes = 1 << 20
		c.own.TLSHandshakeTimeout = defaultSilence
	}
	return c.own
}

// Close gives connections free that nobody uses.
func (c *Client) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.own != nil {
		c.own.CloseIdleConnections()
	}
}

// Repository returns a repository by its name, such as "quay.io/tiran/cpython_autoconf"; "python" is one of Docker Hub's. A tag or a digest
// in the name is refused: of both, the library that reads it would forget the tag. insecure says that plain http may be spoken. Nothing is asked yet. The error is a *diag.Error.
func (c *Client) Repository(repository string, insecure bool) (*Repository, error) {
	bad := func(msg string, hints ...string) (*Repository, error) {
		return nil, &diag.Error{Attr: "repository", Msg: fmt.Sprintf("%q %s", repository, msg), Hints: hints}
	}
	last := repository[strings.LastIndex(repository, "/")+1:]
	if strings.Contains(repository, "@") || strings.Contains(last, ":") {
		return bad("names a tag or a digest, expected a repository alone", "state them as tag and digest")
	}
	parsed, err := name.NewRepository(repository)
	if err != nil || !repositoryName().MatchString(parsed.RepositoryStr()) {
		return bad(`is not a repository of a registry, such as "quay.io/tiran/cpython_autoconf"`)
	}
	return &Repository{host: c.host(parsed.Registry, insecure), repo: parsed, name: repository}, nil
}

// repositoryName is what the distribution specification allows after the host.
var repositoryName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^` + oci.PathPattern + `$`) })

func (c *Client) host(r name.Registry, insecure bool) *host {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := hostKey{r.RegistryStr(), insecure}
	h := c.hosts[key]
	if h == nil {
		h = &host{
			client: c, registry: r, plain: insecure || isLoopback(r.RegistryStr()),
			documents: make(chan struct{}, maxDocuments), streams: make(chan struct{}, maxStreams),
			tokens: map[string]*token{},
		}
		if c.hosts == nil {
			c.hosts = map[hostKey]*host{}
		}
		c.hosts[key] = h
	}
	return h
}

// isLoopback reports whether host, with or without a port, is on the loopback interface.
func isLoopback(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}
