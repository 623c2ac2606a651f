package fetch

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/sbomctl/sbomctl/cache/osfile"
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
	folder  *osfile.Folder // nil when private
	name    string         // in it
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
	if f.CacheDir == "" {
		return privatePartial("", req)
	}
	folder, err := f.downloads()
	if err != nil {
		return nil, req.cannotUse(f.CacheDir, err)
	}
	p := &partial{folder: folder, name: req.SHA256 + ".part"}
	p.file, err = folder.TryLock(p.name)
	if err != nil {
		folder.Close()
		return nil, req.cannotUse(folder.Path(p.name), err)
	}
	info := fs.FileInfo(nil)
	if p.file != nil {
		info, err = p.file.Stat()
	}
	if p.file == nil || err != nil || osfile.HasOtherNames(info) { // somebody else's
		if p.file != nil {
			p.file.Close()
		}
		folder.Close()
		return privatePartial(f.CacheDir, req)
	}
	p.size = info.Size()
	p.readOrigin()
	if p.size > req.MaxBytes {
		if err := p.reset(); err != nil {
			p.close(false)
			return nil, req.cannotUse(folder.Path(p.name), err)
		}
	}
	return p, nil
}

// downloads opens CacheDir, through no link in its own place.
func (f *Fetcher) downloads() (*osfile.Folder, error) {
	above, err := osfile.OpenFolder(filepath.Dir(f.CacheDir), nil)
	if err != nil {
		return nil, err
	}
	defer above.Close()
	return above.Sub(filepath.Base(f.CacheDir))
}

// privatePartial makes a file that nobody else uses, in dir or the system's own folder.
func privatePartial(dir string, req *Request) (*partial, error) {
	file, err := os.CreateTemp(dir, "fetch-*.part")
	if err != nil {
		return nil, req.cannotUse(filepath.Join(dir, "fetch-*.part"), err)
	}
	return &partial{file: file, private: true}, nil
}

func (p *partial) originName() string { return p.name + ".json" }

func (p *partial) readOrigin() {
	in, _, err := p.folder.Open(p.originName(), os.O_RDONLY)
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
		p.writeOrigin(b)
	}
}

func (p *partial) writeOrigin(b []byte) {
	f, name, err := p.folder.Temp(".", 0o666)
	if err != nil {
		return
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Close()); err == nil {
		err = p.folder.Rename(name, p.originName())
	}
	if err != nil {
		_ = p.folder.Remove(name)
	}
}

// reset forgets all bytes.
func (p *partial) reset() error {
	p.size, p.origin = 0, origin{}
	if !p.private {
		_ = p.folder.RemoveAll(p.originName())
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
	if p.private {
		_ = os.Remove(p.file.Name())
		_ = p.file.Close()
		return
	}
	if !keep || p.size == 0 {
		_ = p.folder.RemoveAll(p.originName())
		_ = p.folder.Remove(p.name)
	}
	_ = p.file.Close() // which also unlocks
	_ = p.folder.Close()
}

func (r *Request) cannotUse(name string, err error) error {
	return final{&diag.Error{Label: r.Label, Err: err,
		Msg: fmt.Sprintf("cannot use the partial download %s: %s", filepath.ToSlash(name), osfile.Reason(err))}}
}
