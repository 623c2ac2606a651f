package fetch

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// Fetcher gets files, and small documents. The zero value fetches with Go's default client and looks in no
// distdir. It may be used by several goroutines.
type Fetcher struct {
	Distdirs    []string       // folders that are looked in first, in this order
	Client      *http.Client   // nil: http.DefaultClient; its redirect policy and total timeout are replaced
	Progress    func(Progress) // nil: nobody is told; called from the fetching goroutine
	Note        func(string)   // told that a server is waited for, and what was wrong with a place when a later one had the file; nil: nobody is
	IdleTimeout time.Duration  // 0: DefaultIdleTimeout

	Now  func() time.Time                                 // nil: time.Now
	Wait func(ctx context.Context, d time.Duration) error // before a server is asked again; nil: really waits
}

// Progress says how far a download is.
type Progress struct {
	Name  string // file name, as in Request.Name
	URL   string // without credentials
	Done  int64  // bytes that came
	Total int64  // bytes, as the server says; -1 when it does not
}

// Request is one file.
type Request struct {
	URLs     []string // http or https, asked in this order; may be empty when a distdir has the file
	SHA256   string   // 64 lower-case hexadecimal digits
	MaxBytes int64    // a longer file is an error; 0: DefaultMaxBytes
	Name     string   // file name in a distdir; "": last segment of the first URL

	learned *string // the checksum is not known and is put here
}

// Fetch makes the file an output, which is sealed once all of it has been checked. It returns a *diag.Error
// or a diag.List, ctx's error when ctx ended, or the output's own error as it is.
func (f *Fetcher) Fetch(ctx context.Context, req Request, create Create) error {
	if err := req.normalise(); err != nil {
		return err
	}
	var failed diag.List
	for _, dir := range f.Distdirs {
		found, err := fromDistdir(ctx, dir, &req, create)
		if found || isFinal(err) {
			if found && err == nil {
				f.noteAll(failed)
			}
			return unwrapFinal(err)
		}
		if err != nil {
			failed = append(failed, err)
		}
	}
	for i, u := range req.URLs {
		err := f.fromURL(ctx, u, &req, create)
		if err == nil {
			f.noteAll(failed)
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if isFinal(err) {
			return unwrapFinal(err)
		}
		if d, ok := err.(*diag.Error); ok && i < len(req.URLs)-1 {
			d.Hints = nil // said once, by the last
		}
		failed = append(failed, err)
	}
	if len(req.URLs) == 0 {
		failed = append(failed, &diag.Error{Attr: "urls",
			Msg:   fmt.Sprintf("%s (sha256 %s) has no URL and is in no distdir", req.Name, req.SHA256),
			Hints: hintDistdir(req.Name)})
	}
	return sensible(failed).Err()
}

// sensible drops the advice to use a distdir where one has a file of that name: that it is another one is what is wrong.
func sensible(failed diag.List) diag.List {
	if !slices.ContainsFunc(failed, func(err error) bool { return errors.Is(err, errWrongSum) }) {
		return failed
	}
	for _, err := range failed {
		if d, ok := err.(*diag.Error); ok && !errors.Is(err, errWrongSum) {
			d.Hints = nil
		}
	}
	return failed
}

// normalise fills in what is implied and refuses what is no sound request.
func (r *Request) normalise() error {
	bad := func(format string, args ...any) error {
		return &diag.Error{Msg: fmt.Sprintf(format, args...)}
	}
	if b, err := hex.DecodeString(r.SHA256); err != nil || len(b) != 32 || strings.ToLower(r.SHA256) != r.SHA256 {
		return bad("sha256 %q is not 64 lower-case hexadecimal digits", r.SHA256)
	}
	if r.MaxBytes < 0 {
		return bad("size %d is negative, expected the most bytes the file may have", r.MaxBytes)
	}
	if r.MaxBytes == 0 {
		r.MaxBytes = DefaultMaxBytes
	}
	if len(r.URLs) > maxURLs {
		return bad("%d urls, expected at most %d", len(r.URLs), maxURLs)
	}
	for _, s := range r.URLs {
		u, err := url.Parse(s)
		if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
			return bad("%q is not an http or https URL", redact(s))
		}
	}
	if r.Name == "" && len(r.URLs) > 0 {
		r.Name = lastSegment(r.URLs[0])
	}
	if !isFileName(r.Name) {
		return bad("%q is not a file name (no URL gives one either); state a name", r.Name)
	}
	return nil
}

// names returns the file names to look for in a distdir: the request's own, then each
// URL's last segment, as a mirror may name the file in its own way.
func (r *Request) names() []string {
	names := []string{r.Name}
	seen := map[string]bool{r.Name: true}
	for _, u := range r.URLs {
		if n := lastSegment(u); isFileName(n) && !seen[n] {
			seen[n] = true
			names = append(names, n)
		}
	}
	return names
}

// noteAll tells what was wrong with the places that were tried before the one that had the file.
func (f *Fetcher) noteAll(errs diag.List) {
	for _, err := range errs {
		if d, ok := err.(*diag.Error); ok {
			f.note(d.Msg)
		} else {
			f.note(err.Error())
		}
	}
}

// lastSegment returns the decoded last segment of a URL's path, "" when there is none.
func lastSegment(s string) string {
	u, err := url.Parse(s)
	if err != nil || strings.HasSuffix(u.Path, "/") {
		return ""
	}
	return path.Base("/" + u.Path)
}

// isFileName reports whether s names a file right inside a folder, on every platform.
func isFileName(s string) bool {
	return s != "" && s != "." && s != ".." && len(s) <= 255 && !strings.ContainsAny(s, "/\\:\x00")
}

// redact returns a URL without the password that may stand in it.
func redact(s string) string {
	if u, err := url.Parse(s); err == nil {
		return u.Redacted()
	}
	return s
}
