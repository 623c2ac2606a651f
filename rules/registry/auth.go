package registry

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/authn"

	"github.com/sbomctl/sbomctl/engine/oci"
)

// token is one that the token endpoint gave, for one scope. mu is held while it is fetched, so that it is fetched once.
type token struct {
	mu     sync.Mutex
	header string // for Authorization; "" when there is none yet
}

// credentials returns what the user has for the registry; the zero value is nobody's. They are looked up once.
func (h *host) credentials(ctx context.Context, what string) (authn.AuthConfig, error) {
	h.credentialsOnce.Do(func() {
		h.user, h.userErr = h.lookUp(context.WithoutCancel(ctx))
	})
	if h.userErr == nil {
		return h.user, nil
	}
	return authn.AuthConfig{}, &oci.Error{Kind: oci.Auth, What: what, Msg: fmt.Sprintf("was not asked for: %s wants credentials, and they cannot be had: %s", h.name(), h.userErr),
		Hints: []string{"mend the Docker configuration (~/.docker/config.json, or the one in $DOCKER_CONFIG), or install the credential helper that it names",
			h.login() + " writes it anew"}, Err: h.userErr}
}

// lookUp asks the keychain. A helper may be a program that waits for a person; it gets as long as a server does.
func (h *host) lookUp(ctx context.Context) (authn.AuthConfig, error) {
	ctx, cancel := context.WithTimeout(ctx, h.client.silence())
	defer cancel()
	type answer struct {
		config *authn.AuthConfig
		err    error
	}
	done := make(chan answer, 1)
	go func() {
		a, err := authn.Resolve(ctx, h.client.keychain(), h.registry)
		if err != nil {
			done <- answer{nil, err}
			return
		}
		c, err := authn.Authorization(ctx, a)
		done <- answer{c, err}
	}()
	select {
	case <-ctx.Done():
		return authn.AuthConfig{}, fmt.Errorf("the credential helper did not answer for %s", h.client.silence())
	case a := <-done:
		if a.err != nil {
			return authn.AuthConfig{}, plainHelperError(a.err)
		}
		if a.config == nil {
			return authn.AuthConfig{}, nil
		}
		return decoded(*a.config)
	}
}

// plainHelperError words an error of the Docker configuration or a helper without what a helper wrote, which may be a secret.
func plainHelperError(err error) error {
	text, _, _ := strings.Cut(err.Error(), "\n")
	if strings.HasPrefix(text, "parsing config file") || strings.HasPrefix(text, "loading config file") {
		return errors.New(text)
	}
	text, _, _ = strings.Cut(strings.TrimPrefix(text, "error getting credentials - err: "), ", out:")
	if program, why, ok := strings.Cut(strings.TrimPrefix(text, `exec: "`), `": `); ok && strings.HasPrefix(text, `exec: "`) {
		return fmt.Errorf("%s cannot be run: %s", program, why)
	}
	if strings.HasPrefix(text, "exit status ") {
		return errors.New("the credential helper failed with " + text)
	}
	return errors.New("the credential helper did not answer as one")
}

// decoded returns a configuration with user and password apart.
func decoded(c authn.AuthConfig) (authn.AuthConfig, error) {
	if c.Username != "" || c.Auth == "" {
		return c, nil
	}
	b, err := base64.StdEncoding.DecodeString(c.Auth)
	user, password, ok := strings.Cut(string(b), ":")
	if err != nil || !ok {
		return c, fmt.Errorf("auth is no user and password in base64")
	}
	c.Username, c.Password, c.Auth = user, password, ""
	return c, nil
}

func isNobody(c authn.AuthConfig) bool { return c == authn.AuthConfig{} }

// authorization returns the header that a request for scope has, "" when none is needed. stale is a header that was refused.
func (h *host) authorization(ctx context.Context, what, scope, stale string) (string, error) {
	h.mu.Lock()
	ch := h.challenge
	h.mu.Unlock()
	if ch == nil {
		return "", nil
	}
	user, err := h.credentials(ctx, what)
	if err != nil {
		return "", err
	}
	if ch.scheme == "basic" {
		if user.Username == "" {
			return "", nil
		}
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(user.Username+":"+user.Password)), nil
	}
	if user.RegistryToken != "" {
		return "Bearer " + user.RegistryToken, nil
	}
	h.mu.Lock()
	t := h.tokens[scope]
	if t == nil {
		t = &token{}
		h.tokens[scope] = t
	}
	h.mu.Unlock()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.header == "" || t.header == stale {
		value, err := h.fetchToken(ctx, what, scope, *ch, user)
		if err != nil {
			return "", err
		}
		t.header = "Bearer " + value
	}
	return t.header, nil
}

// maxToken bounds the answer of a token endpoint.
const maxToken = 1 << 20

// fetchToken asks the token endpoint that the registry names, as the user if there is one.
func (h *host) fetchToken(ctx context.Context, what, scope string, ch challenge, user authn.AuthConfig) (string, error) {
	fail := func(kind oci.Kind, format string, args ...any) (string, error) {
		return "", &oci.Error{Kind: kind, What: what, Msg: "was not asked for: " + fmt.Sprintf(format, args...)}
	}
	realm, err := url.Parse(ch.params["realm"])
	if err != nil || realm.Host == "" {
		return fail(oci.ServerError, "%s names no token endpoint that can be read", h.name())
	}
	if why := h.refuses(realm); why != "" {
		return fail(oci.ServerError, "%s names a token endpoint at %s, %s", h.name(), realm.Host, why)
	}
	query := realm.Query()
	if service := ch.params["service"]; service != "" {
		query.Set("service", service)
	}
	if scope != "" {
		query.Set("scope", scope)
	}
	build := func() (*http.Request, error) {
		if user.IdentityToken != "" {
			form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {user.IdentityToken}, "client_id": {"sbomctl"}}
			for _, key := range []string{"service", "scope"} {
				if v := query.Get(key); v != "" {
					form.Set(key, v)
				}
			}
			r, err := http.NewRequest(http.MethodPost, realm.String(), strings.NewReader(form.Encode()))
			if err == nil {
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			}
			return r, err
		}
		at := *realm
		at.RawQuery = query.Encode()
		r, err := http.NewRequest(http.MethodGet, at.String(), nil)
		if err == nil && user.Username != "" {
			r.SetBasicAuth(user.Username, user.Password)
		}
		return r, err
	}
	a, err := h.send(ctx, what, build)
	if err != nil {
		return "", err
	}
	defer a.close()
	switch {
	case a.status == http.StatusUnauthorized || a.status == http.StatusForbidden ||
		a.status == http.StatusBadRequest && user.IdentityToken != "": // OAuth's invalid_grant
		return "", h.denied(what, !isNobody(user))
	case a.status != http.StatusOK:
		return "", h.refusal(what, a)
	}
	b, err := io.ReadAll(io.LimitReader(a.body, maxToken))
	if err != nil {
		return "", h.cut(ctx, what, a, err)
	}
	var t struct {
		Token       string `json:"token"`
		AccessToken string `json:"access_token"`
	}
	if json.Unmarshal(b, &t) != nil || t.Token == "" && t.AccessToken == "" {
		return fail(oci.ServerError, "what %s sent as a token for %s is none", realm.Host, h.name())
	}
	value := t.Token
	if value == "" {
		value = t.AccessToken
	}
	if strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return fail(oci.ServerError, "what %s sent as a token for %s is none", realm.Host, h.name())
	}
	return value, nil
}

// denied is the error when credentials do not suffice, or there are none.
func (h *host) denied(what string, known bool) *oci.Error {
	if known {
		return &oci.Error{Kind: oci.Auth, What: what, Msg: fmt.Sprintf("is not given out: %s does not accept the credentials in the Docker configuration for this, or there is no such repository", h.name()),
			Hints: []string{h.login() + ", as a user who may read the repository", "check the repository's name"}}
	}
	return &oci.Error{Kind: oci.Auth, What: what, Msg: fmt.Sprintf("is not given out: %s wants credentials, or there is no such repository, and the Docker configuration has no credentials for it", h.name()),
		Hints: []string{h.login(), "check the repository's name"}}
}
