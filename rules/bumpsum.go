package rules

import (
	"cmp"
	"fmt"
	"os"
	"slices"

	"github.com/sbomctl/sbomctl/cache/osfile"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/rules/evidence"
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
	declared := map[string]string{evidence.SHA256: m.was.SHA256, evidence.SHA512: m.was.SHA512, evidence.SHA1: m.was.SHA1, evidence.MD5: m.was.MD5}
	known := map[string]string{}
	for attr := range declared {
		known[attr] = m.tree[attr].value
	}
	if b.r.SHA256 != "" {
		known[evidence.SHA256] = b.r.SHA256
	}
	wanted := func(attr string) bool { return stated(declared[attr]) || known[attr] != "" }
	some := slices.ContainsFunc(sumAttrs, wanted)
	missing := slices.ContainsFunc(sumAttrs, func(attr string) bool { return wanted(attr) && known[attr] == "" })
	if missing && sums.SHA256 == "" {
		var err error
		if sums, err = b.download(m); err != nil {
			return err
		}
	}
	found := map[string]string{evidence.SHA256: sums.SHA256, evidence.SHA512: sums.SHA512, evidence.SHA1: sums.SHA1, evidence.MD5: sums.MD5}
	for _, attr := range sumAttrs {
		was, now := declared[attr], known[attr]
		if found[attr] != "" && now != "" && found[attr] != now {
			return fail(attr, "%s of %s is %s, but %s is expected by %s", attr, b.archiveName(m), found[attr], now, b.expectedBy(m, attr))
		}
		// Of what was declared without any checksum, or with a weak one alone, nothing is added but what the tree states.
		if now == "" && (stated(was) || attr == evidence.SHA256 && !some) {
			now = found[attr]
		}
		if now == "" {
			continue
		}
		if now == was {
			return fail(attr, "%s of %s is that of %s, so it is the same file", attr, m.version, m.was.Version)
		}
		if err := b.setSum(m, attr, was, now); err != nil {
			return err
		}
	}
	return nil
}

// sumAttrs are the attributes that are checksums of the download, the surest first.
var sumAttrs = []string{evidence.SHA512, evidence.SHA256, evidence.SHA1, evidence.MD5}

func (b *bump) setSum(m *move, attr, was, now string) error {
	text, ok, err := m.call.String(m.at[attr])
	switch {
	case err != nil:
		return m.blame(err)
	case text == now:
		return nil // another target of this call has been moved
	case !ok && stated(was):
		return m.notHere(attr)
	}
	if err := b.set(m, attr, text, now); err != nil {
		return err
	}
	if attr == evidence.SHA256 {
		m.sum = now
	}
	return nil
}

func (b *bump) archiveName(m *move) string {
	if b.r.Archive != "" {
		return b.r.Archive
	}
	return m.now.DownloadURL
}

func (b *bump) expectedBy(m *move, attr string) string {
	if attr == evidence.SHA256 && b.r.SHA256 != "" {
		return "--sha256"
	}
	return m.tree[attr].pos.String()
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
