package fetch

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/sbomctl/sbomctl/rules/retry"
)

// hintDistdir is what helps without a network; a document that is not fetched by
// checksum (it has no name then) can lie in no distdir.
func hintDistdir(name string) []string {
	if name == "" {
		return nil
	}
	return []string{fmt.Sprintf("without a network, put %s into a folder and add --distdir=FOLDER", name)}
}

// wrongSum says both checksums and the line that would have to change.
func (r *Request) wrongSum(where, sum string) error {
	d := r.bad(errWrongSum, "sha256 of %s is %s, but %s is declared", where, sum, r.SHA256)
	d.Attr = "sha256"
	d.Hints = []string{fmt.Sprintf("if the file has been checked to be the right one, set sha256 = %q where it is declared", sum)}
	return d
}

// noFile refuses what is surely not the file, so that nobody declares its checksum: nothing, or a page that a proxy or a portal shows in its place.
func (r *Request) noFile(rawURL string, got int64) error {
	what := "a page (text/html), and not the file that is declared: a server or proxy may say there why"
	if got == 0 {
		what = "nothing, and not the file that is declared"
	}
	d := r.bad(errWrongSum, "%s answered for %s with %s", hostOf(rawURL), redact(rawURL), what)
	d.Hints = append([]string{"check the URL, or add a mirror to urls"}, hintDistdir(r.Name)...)
	return d
}

// isPage reports whether a server says that it sent a page for people where the URL is of no page.
func isPage(rawURL string, h http.Header) bool {
	if u, err := url.Parse(rawURL); err != nil || strings.HasSuffix(u.Path, "html") || strings.HasSuffix(u.Path, ".htm") {
		return false
	}
	kind, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	return err == nil && (kind == "text/html" || kind == "application/xhtml+xml")
}

// errWrongSum is the cause of an error of a file that has other bytes.
var errWrongSum = errors.New("another checksum")

func (r *Request) tooLong(rawURL string) error {
	d := r.bad(nil, "%s has more than the declared %d bytes", redact(rawURL), r.MaxBytes)
	d.Attr = "size"
	d.Hints = []string{"if the file has been checked to be the right one, raise its size"}
	return d
}

// statusError is the error of an answer of another status than 200. after is when the server wants to be asked again; 0 when it does not say.
func (r *Request) statusError(rawURL string, code int, after time.Duration) error {
	if code == http.StatusNotFound || code == http.StatusGone {
		d := r.bad(ErrNotFound, "%s does not exist (status %d)", redact(rawURL), code)
		if r.Name != "" {
			d.Hints = append([]string{"check the URL, or add a mirror to urls"}, hintDistdir(r.Name)...)
		}
		return d
	}
	d := r.bad(nil, "%s answered with status %s for %s", hostOf(rawURL), statusText(code), redact(rawURL))
	d.Hints = hintDistdir(r.Name)
	if after > 0 {
		d.Msg += ", and wants to be asked again " + retry.Until(after)
		d.Hints = append([]string{"run the command again then"}, d.Hints...)
	}
	return d
}

// statusText is a status with its name: "503 (Service Unavailable)".
func statusText(code int) string {
	if t := http.StatusText(code); t != "" {
		return fmt.Sprintf("%d (%s)", code, t)
	}
	return strconv.Itoa(code)
}

func (r *Request) idleError(rawURL string, limit time.Duration) error {
	d := r.bad(nil, "%s sent nothing for %s while fetching %s", hostOf(rawURL), limit, redact(rawURL))
	d.Hints = append([]string{"run the command again"}, hintDistdir(r.Name)...)
	return d
}

func (r *Request) cutShort(rawURL string, done, total int64) error {
	of := ""
	if total >= 0 {
		of = fmt.Sprintf(" of %d", total)
	}
	d := r.bad(nil, "%s was cut off after %d%s bytes", redact(rawURL), done, of)
	d.Hints = append([]string{"run the command again"}, hintDistdir(r.Name)...)
	return d
}

// connectError tells the ways apart in which there was no answer at all.
func (r *Request) connectError(rawURL string, err error) error {
	if errors.Is(err, errOffline) {
		d := r.bad(err, "%s was not fetched: --offline is set", redact(rawURL))
		d.Hints = append([]string{"run the command again without --offline"}, hintDistdir(r.Name)...)
		return d
	}
	var redirect redirectError
	if errors.As(err, &redirect) {
		return r.bad(err, "%s %s", redact(rawURL), redirect)
	}
	var unknown x509.UnknownAuthorityError
	var wrongHost x509.HostnameError
	var invalid x509.CertificateInvalidError
	var verify *tls.CertificateVerificationError
	if errors.As(err, &verify) || errors.As(err, &unknown) || errors.As(err, &wrongHost) || errors.As(err, &invalid) {
		return r.bad(err, "certificate of %s is not trusted; %s was not fetched", hostOf(rawURL), redact(rawURL))
	}
	d := r.bad(err, "cannot reach %s to fetch %s", hostOf(rawURL), redact(rawURL))
	d.Hints = hintDistdir(r.Name)
	return d
}
