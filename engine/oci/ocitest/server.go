package ocitest

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
)

// Server is a registry in this process, on a port of the loopback interface, that ends with the test. It serves what was put there
// with Push, damaged or not; everything else, such as what is pushed over the network, is done by go-containerregistry's.
type Server struct {
	*httptest.Server

	behind    http.Handler
	mu        sync.Mutex
	intercept func(w http.ResponseWriter, r *http.Request) bool
	requests  []string
	pushed    map[string]*repository // by name
}

// Serve starts a registry that speaks plain http.
func Serve(t testing.TB) *Server { return serve(t, false) }

// ServeTLS starts a registry with a certificate of its own: Server.Client() trusts it.
func ServeTLS(t testing.TB) *Server { return serve(t, true) }

func serve(t testing.TB, secure bool) *Server {
	silent := log.New(io.Discard, "", 0)
	s := &Server{behind: registry.New(registry.Logger(silent), registry.WithReferrersSupport(true)), pushed: map[string]*repository{}}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	s.Config.ErrorLog = silent
	if secure {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(func() {
		s.CloseClientConnections() // a handler that waits for its client ends
		s.Close()
	})
	return s
}

// Host is the host and port, with which a repository's name begins.
func (s *Server) Host() string {
	_, host, _ := strings.Cut(s.URL, "://")
	return host
}

// Intercept has f asked before the registry is; it reports whether it answered. nil ends that.
func (s *Server) Intercept(f func(w http.ResponseWriter, r *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.intercept = f
}

// Requests returns what was asked, as "GET /v2/...", in the order of arrival, and forgets it.
func (s *Server) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.requests
	s.requests = nil
	return r
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.requests = append(s.requests, r.Method+" "+r.URL.RequestURI())
	intercept := s.intercept
	s.mu.Unlock()
	if intercept != nil && intercept(w, r) {
		return
	}
	if (r.Method == http.MethodGet || r.Method == http.MethodHead) && s.answer(w, r) {
		return
	}
	s.behind.ServeHTTP(w, r)
}
