package rules

import (
	"cmp"
	"fmt"
	"os"

	"github.com/sbomctl/sbomctl/cache/osfile"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/rules/fetch"
)

// checksums finds the checksum of each new archive and writes it down. The sources, from what is surest: the archive at hand, --sha256, the
// tree, a download. Those that are there must agree.
func (b *bump) checksums() error {
	var given fetch.Sums
	if b.r.Archive != "" {
		var err error
		if given, err = fileSums(b.r.Archive); err != nil {
			return err
		}
	}
	var errs diag.List
	for _, m := range b.moves {
		if err := b.checksum(m, given); err != nil {
			errs = append(errs, err)
		}
	}
	return errs.Err()
}

func (b *bump) checksum(m *move, sums fetch.Sums) error {
	fail := func(attr, format string, args ...any) *diag.Error {
		return &diag.Error{Pos: m.call.At(m.at[attr]), Label: m.label.String(), Msg: fmt.Sprintf(format, args...)}
	}
	known := m.sha256
	if b.r.SHA256 != "" {
		known = b.r.SHA256
	}
	wanted := stated(m.was.SHA256) || stated(m.was.MD5) || sums.SHA256 != "" || known != ""
	needed := known == "" || stated(m.was.MD5) // the file itself
	if wanted && needed && sums.SHA256 == "" {
		var err error
		if sums, err = b.download(m); err != nil {
			return err
		}
	}
	if sums.SHA256 != "" && known != "" && sums.SHA256 != known {
		return fail("sha256", "sha256 of %s is %s, but %s is expected by %s", b.archiveName(m), sums.SHA256, known, b.expectedBy(m))
	}
	if known == "" {
		known = sums.SHA256
	}
	if known == "" {
		return nil // none is declared, and none is known
	}
	if known == m.was.SHA256 {
		return fail("sha256", "sha256 of %s is that of %s, so it is the same file", m.version, m.was.Version)
	}
	for _, a := range []struct{ attr, was, now string }{{"sha256", m.was.SHA256, known}, {"md5", m.was.MD5, sums.MD5}} {
		if a.attr == "md5" && !stated(a.was) || a.attr == "sha256" && !stated(a.was) && stated(m.was.MD5) {
			continue
		}
		text, ok, err := m.call.String(m.at[a.attr])
		switch {
		case err != nil:
			return m.blame(err)
		case text == a.now:
			continue // another target of this call has been moved
		case !ok && stated(a.was):
			return m.notHere(a.attr)
		}
		if err := b.set(m, a.attr, text, a.now); err != nil {
			return err
		}
		if a.attr == "sha256" {
			m.sum = a.now
		}
	}
	return nil
}

func (b *bump) archiveName(m *move) string {
	if b.r.Archive != "" {
		return b.r.Archive
	}
	return m.now.DownloadURL
}

func (b *bump) expectedBy(m *move) string {
	if b.r.SHA256 != "" {
		return "--sha256"
	}
	return m.stated.String()
}

// flagsHint is how to do without a network.
func flagsHint() []string {
	return []string{"--archive=FILE takes the file from this machine, --sha256=HEX its checksum"}
}

// download returns the checksums of what the new URL names.
func (b *bump) download(m *move) (fetch.Sums, error) {
	d := &diag.Error{Pos: m.call.At(m.at["download_url"]), Label: m.label.String(), Hints: flagsHint()}
	switch {
	case !stated(m.now.DownloadURL):
		d.Msg = fmt.Sprintf("the checksum of %s is not known, and no download_url is declared to get it from", m.version)
		return fetch.Sums{}, d
	case m.now.DownloadURL == m.was.DownloadURL && m.urlErr != nil:
		return fetch.Sums{}, m.blame(m.urlErr)
	case m.now.DownloadURL == m.was.DownloadURL && b.r.URL == "":
		d.Msg = fmt.Sprintf("download_url has the version %s in no form that bump knows, so it cannot be moved to %s", m.was.Version, m.version)
		d.Hints = append([]string{"--url=URL gives the new one"}, d.Hints...)
		return fetch.Sums{}, d
	}
	if b.r.Tell != nil {
		b.r.Tell("fetching " + m.now.DownloadURL + " for its checksum")
	}
	sums, err := cmp.Or(b.r.Fetcher, &fetch.Fetcher{}).Sum(b.ctx, m.now.DownloadURL)
	if e, ok := err.(*diag.Error); ok {
		d.Msg, d.Err = "the checksum of "+m.version+" is not known: "+e.Msg, e
		if b.r.URL == "" {
			d.Hints = append(d.Hints, "--url=URL gives another address")
		}
		return fetch.Sums{}, d
	}
	m.fetched = err == nil
	return sums, err
}

// fileSums returns the checksums of a file of this machine.
func fileSums(path string) (fetch.Sums, error) {
	f, err := os.Open(path)
	if err != nil {
		return fetch.Sums{}, &diag.Error{Msg: fmt.Sprintf("--archive: cannot read %s: %s", path, osfile.Reason(err)), Err: err}
	}
	defer f.Close()
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		return fetch.Sums{}, &diag.Error{Msg: fmt.Sprintf("--archive: %s is no file", path)}
	}
	sums, err := fetch.SumsOf(f, fetch.DefaultMaxBytes)
	if err != nil {
		return fetch.Sums{}, &diag.Error{Msg: fmt.Sprintf("--archive: cannot read %s: %s", path, osfile.Reason(err)), Err: err}
	}
	return sums, nil
}
