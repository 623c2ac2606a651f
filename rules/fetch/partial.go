package fetch

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// partial is a download that is not whole yet. It lies in the cache folder under the
// checksum that it will have, so any URL of any process can go on from it:
//
//	<CacheDir>/<sha256>.part        the first bytes
//	<CacheDir>/<sha256>.part.json   where they came from (origin)
//
// One holder at a time: a second one gets a private file that does not outlive it.
// The bytes are never trusted: what counts is the checksum of the whole.
type partial struct {
	file    *os.File
	size    int64  // bytes that are there
	origin  origin // of these bytes; zero when unknown
	private bool   // to be removed at the end, whatever comes
}

// origin is what If-Range needs: that a resumed body is of the same representation.
type origin struct {
	URL  string `json:"url"`
	ETag string `json:"etag"` // strong, with its quotes; "" when the server gave none
}

// openPartial claims the partial file of a checksum.
func (f *Fetcher) openPartial(req *Request) (*partial, error) {
	if f.CacheDir != "" {
		if err := os.MkdirAll(f.CacheDir, 0o777); err != nil {
			return nil, req.cannotUse(f.CacheDir, err)
		}
		name := filepath.Join(f.CacheDir, req.SHA256+".part")
		file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o666)
		if err != nil {
			return nil, req.cannotUse(name, err)
		}
		if tryLock(file) && sameFile(file, name) {
			p := &partial{file: file}
			if info, err := file.Stat(); err == nil {
				p.size = info.Size()
			}
			p.readOrigin()
			if p.size > req.MaxBytes {
				if err := p.reset(); err != nil {
					p.close(false)
					return nil, req.cannotUse(name, err)
				}
			}
			return p, nil
		}
		file.Close()
	}
	file, err := os.CreateTemp(f.CacheDir, "fetch-*.part")
	if err != nil {
		return nil, req.cannotUse(filepath.Join(f.CacheDir, "fetch-*.part"), err)
	}
	return &partial{file: file, private: true}, nil
}

// sameFile reports whether name still is the open file: its last holder may have removed
// it between our open and our lock.
func sameFile(file *os.File, name string) bool {
	a, errA := file.Stat()
	b, errB := os.Stat(name)
	return errA == nil && errB == nil && os.SameFile(a, b)
}

func (p *partial) originName() string { return p.file.Name() + ".json" }

func (p *partial) readOrigin() {
	in, err := os.Open(p.originName())
	if err != nil {
		return
	}
	defer in.Close()
	var o origin
	if json.NewDecoder(io.LimitReader(in, 1<<16)).Decode(&o) == nil && isStrongETag(o.ETag) {
		p.origin = o
	}
}

// setOrigin notes where the bytes from now on come from. Losing the note costs only the
// If-Range header, so a failure to write it is none.
func (p *partial) setOrigin(o origin) {
	p.origin = o
	if p.private {
		return
	}
	if b, err := json.Marshal(o); err == nil {
		_ = os.WriteFile(p.originName(), b, 0o666)
	}
}

// reset forgets all bytes.
func (p *partial) reset() error {
	p.size, p.origin = 0, origin{}
	if !p.private {
		_ = os.Remove(p.originName())
	}
	return p.file.Truncate(0)
}

// append writes b after the bytes that are there.
func (p *partial) append(b []byte) error {
	n, err := p.file.WriteAt(b, p.size)
	p.size += int64(n)
	return err
}

// close gives the claim up; keep says whether the bytes are worth going on from.
func (p *partial) close(keep bool) {
	if !keep || p.private || p.size == 0 {
		if !p.private {
			_ = os.Remove(p.originName())
		}
		_ = os.Remove(p.file.Name())
	}
	_ = p.file.Close() // which also unlocks
}

func (r *Request) cannotUse(name string, err error) error {
	return final{&diag.Error{Label: r.Label, Err: err,
		Msg: fmt.Sprintf("cannot use the partial download %s: %s", filepath.ToSlash(name), reason(err))}}
}
