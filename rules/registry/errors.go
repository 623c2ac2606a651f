package registry

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/sbomctl/sbomctl/engine/oci"
	"github.com/sbomctl/sbomctl/rules/retry"
)

// ended is the error of a context that is over: of its own when somebody gave up, and else that there was no time left.
func ended(ctx context.Context, what string) error {
	if errors.Is(ctx.Err(), context.Canceled) && context.Cause(ctx) != errPatience {
		return ctx.Err()
	}
	return &oci.Error{Kind: oci.Timeout, What: what, Msg: "was not fetched: there was no time left", Err: ctx.Err()}
}

// unreachable tells the ways apart in which there was no answer at all. ctx is the request's own.
func (h *host) unreachable(ctx context.Context, what, server string, err error) error {
	fail := func(kind oci.Kind, hints []string, format string, args ...any) error {
		return &oci.Error{Kind: kind, What: what, Msg: "could not be asked for: " + fmt.Sprintf(format, args...), Hints: hints, Err: err}
	}
	var (
		timeout   net.Error
		dns       *net.DNSError
		op        *net.OpError
		verify    *tls.CertificateVerificationError
		authority x509.UnknownAuthorityError
		hostname  x509.HostnameError
		invalid   x509.CertificateInvalidError
		noTLS     tls.RecordHeaderError
	)
	switch cause := context.Cause(ctx); {
	case cause == errSilence:
		return fail(oci.Timeout, again, "%s sent nothing for %s", server, h.client.silence())
	case cause == errPatience:
		return fail(oci.Timeout, again, "%s took more than %s", server, h.client.patience())
	case errors.As(err, &noTLS):
		return fail(oci.TLS, []string{"declare insecure = True for the image if its registry is meant to be asked without TLS"},
			"%s does not speak TLS, and plain http is spoken with this machine and registries declared insecure alone", server)
	case errors.As(err, &hostname):
		return fail(oci.TLS, nil, "the certificate of %s is another host's", server)
	case errors.As(err, &authority):
		return fail(oci.TLS, []string{"add the authority that signed it to the certificates of this machine, or name a file of them in $SSL_CERT_FILE"},
			"the certificate of %s is signed by nobody whom this machine trusts", server)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return fail(oci.TLS, nil, "the certificate of %s has expired, or is not valid yet, by this machine's clock", server)
	case errors.As(err, &verify) || errors.As(err, &invalid):
		return fail(oci.TLS, nil, "the certificate of %s is not trusted", server)
	case strings.Contains(err.Error(), "tls: "):
		_, why, _ := strings.Cut(err.Error(), "tls: ")
		return fail(oci.TLS, nil, "%s and sbomctl do not agree on TLS (%s)", server, why)
	case errors.As(err, &op) && op.Op == "proxyconnect", strings.Contains(err.Error(), "Proxy Authentication Required"):
		return fail(oci.Offline, []string{"the environment names the proxy: $HTTPS_PROXY, $HTTP_PROXY, $NO_PROXY"}, "the proxy on the way to %s does not let it through", server)
	case errors.As(err, &dns) && !dns.IsTimeout:
		return fail(oci.Offline, unplugged, "the name %s cannot be resolved", server)
	case errors.As(err, &timeout) && timeout.Timeout():
		return fail(oci.Timeout, again, "%s does not answer", server)
	case errors.As(err, &op) && op.Op == "dial":
		return fail(oci.Offline, unplugged, "%s cannot be reached%s", server, reason(err))
	}
	return fail(oci.ServerError, again, "%s ended the connection without an answer", server)
}

var (
	again     = []string{"run the command again"}
	unplugged = []string{"without a network, --offline takes what was pulled before, and --oci_layout=DIR a folder that has the image"}
)

// reason is what the system said, in its own words.
func reason(err error) string {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return ": " + errno.Error()
	}
	return ""
}

// cut is the error of a body that ended early. err is what reading it returned.
func (h *host) cut(ctx context.Context, what string, a *answer, err error) error {
	fail := func(kind oci.Kind, format string, args ...any) error {
		return &oci.Error{Kind: kind, What: what, Msg: fmt.Sprintf(format, args...), Hints: again, Err: io.ErrUnexpectedEOF}
	}
	switch {
	case errors.Is(err, errSilence):
		return fail(oci.Timeout, "was cut off: %s sent nothing for %s", a.server, h.client.silence())
	case errors.Is(err, errPatience):
		return fail(oci.Timeout, "was cut off: %s took more than %s", a.server, h.client.patience())
	case ctx.Err() != nil:
		return ended(ctx, what)
	}
	return fail(oci.ServerError, "was cut off by %s", a.server)
}

// maxProblem bounds what is read of an answer that is an error.
const maxProblem = 64 << 10

// problem returns the codes of a registry's error; none when it is not in a registry's words.
func (a *answer) problem() []transport.ErrorCode {
	b, _ := io.ReadAll(io.LimitReader(a.body, maxProblem))
	var e struct {
		Errors []struct {
			Code transport.ErrorCode `json:"code"`
		} `json:"errors"`
	}
	if json.Unmarshal(b, &e) != nil {
		return nil
	}
	var codes []transport.ErrorCode
	for _, one := range e.Errors {
		codes = append(codes, transport.ErrorCode(strings.ToUpper(string(one.Code))))
	}
	return codes
}

// unknown are the codes by which a registry says that it has not got something in a repository.
var unknown = map[transport.ErrorCode]bool{
	transport.ManifestUnknownErrorCode:     true,
	transport.ManifestBlobUnknownErrorCode: true,
	transport.BlobUnknownErrorCode:         true,
	"TAG_UNKNOWN":                          true,
	"NOT_FOUND":                            true, // Harbor
}

// statusError is the cause of the error of an answer with a status that is none of a success.
type statusError int

func (s statusError) Error() string { return fmt.Sprintf("status %d", int(s)) }

// refusal is the error of an answer that is not what was asked for. It reads the body.
func (h *host) refusal(what string, a *answer) error {
	codes := a.problem()
	has := func(code transport.ErrorCode) bool {
		for _, c := range codes {
			if c == code {
				return true
			}
		}
		return false
	}
	fail := func(kind oci.Kind, hints []string, format string, args ...any) error {
		return &oci.Error{Kind: kind, What: what, Msg: fmt.Sprintf(format, args...), Hints: hints, Err: statusError(a.status)}
	}
	switch {
	case a.status == http.StatusTooManyRequests || has(transport.TooManyRequestsErrorCode):
		when := "later, without saying when"
		if d := h.after(a); d > 0 {
			when = retry.Until(d)
		}
		return fail(oci.RateLimited, []string{"registries answer users more often than strangers: " + h.login()},
			"is not given out now: %s wants to be asked again %s", a.server, when)
	case a.foreign && a.status >= 400 && a.status < 500:
		return fail(oci.ServerError, again, "was not fetched: %s redirects to %s, which answers with status %d", h.name(), a.server, a.status)
	case a.status == http.StatusUnauthorized || a.status == http.StatusForbidden || has(transport.DeniedErrorCode) || has(transport.UnauthorizedErrorCode):
		return h.denied(what, h.known())
	case a.status == http.StatusNotFound || a.status == http.StatusGone:
		for _, c := range codes {
			if unknown[c] {
				return fail(oci.Missing, nil, "is not there")
			}
		}
		switch {
		case !has(transport.NameUnknownErrorCode):
			return fail(oci.ServerError, []string{"check the repository's name: what answers at " + h.name() + " may be no registry"},
				"was not found, but %s does not say so as a registry does (status %d)", a.server, a.status)
		case h.wantsCredentials() && !h.known():
			return h.denied(what, false) // to strangers it may deny what it has
		}
		return fail(oci.Missing, []string{"check the repository's name"}, "is not there: %s has no such repository", h.name())
	case a.status == http.StatusRequestTimeout || a.status == http.StatusGatewayTimeout:
		return fail(oci.Timeout, again, "was not fetched: %s answered with status %d (%s)", a.server, a.status, http.StatusText(a.status))
	case a.status == http.StatusProxyAuthRequired:
		return fail(oci.Offline, []string{"the environment names the proxy: $HTTPS_PROXY, $HTTP_PROXY, $NO_PROXY"}, "could not be asked for: the proxy on the way to %s wants credentials", a.server)
	}
	text := http.StatusText(a.status)
	if text != "" {
		text = " (" + text + ")"
	}
	if d := h.after(a); d > 0 {
		text += ", and wants to be asked again " + retry.Until(d)
	}
	return fail(oci.ServerError, again, "was not fetched: %s answered with status %d%s", a.server, a.status, text)
}

// known reports whether requests were made with credentials of the user's.
func (h *host) known() bool {
	if !h.wantsCredentials() {
		return false
	}
	user, err := h.credentials(context.Background(), "") // they were looked up for the request
	return err == nil && !isNobody(user)
}
