package wheel

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// ParseLock reads a lock file. It takes any order of keys and any white space, but no unknown
// and no repeated key. path is what errors call the file; each has its line and column.
func ParseLock(path string, content []byte) (*Lock, error) {
	p := &lockParser{path: path, content: content}
	if len(content) > MaxLockBytes {
		return nil, &diag.Error{Pos: diag.File(path), Msg: fmt.Sprintf("lock file has %d bytes, expected at most %d", len(content), MaxLockBytes)}
	}
	if err := diag.CheckText(path, content); err != nil {
		return nil, err
	}
	p.dec = json.NewDecoder(bytes.NewReader(content))
	p.dec.UseNumber()
	lock, err := p.lock()
	if err != nil {
		return nil, err
	}
	end := int(p.dec.InputOffset())
	if rest := bytes.TrimLeft(content[end:], " \t\r\n"); len(rest) > 0 {
		return nil, p.bad(len(content)-len(rest), "more text after the lock's closing brace")
	}
	return lock, nil
}

// lockParser walks the tokens of the file, so that every value has a position and a repeated
// key is seen, which decoding into a struct offers neither of.
type lockParser struct {
	path    string
	content []byte
	dec     *json.Decoder
}

// formats are those that are read, from 1; the last is lockFormat.
var formats = []string{"1", "2"}

// next returns the next token and the offset at which it begins.
func (p *lockParser) next() (json.Token, int, error) {
	at := int(p.dec.InputOffset())
	for at < len(p.content) && strings.IndexByte(" \t\r\n,:", p.content[at]) >= 0 {
		at++
	}
	tok, err := p.dec.Token()
	if err != nil {
		return nil, at, p.bad(at, "not valid JSON from here on")
	}
	return tok, at, nil
}

func (p *lockParser) pos(at int) diag.Pos { return diag.At(p.path, p.content, at) }

func (p *lockParser) bad(at int, format string, args ...any) error {
	return &diag.Error{Pos: p.pos(at), Msg: fmt.Sprintf(format, args...)}
}

// object reads an object and calls member for each key, which must read the value.
func (p *lockParser) object(what string, member func(key string, at int) error) error {
	tok, at, err := p.next()
	if err != nil {
		return err
	}
	if tok != json.Delim('{') {
		return p.bad(at, "%s is no object", what)
	}
	seen := map[string]bool{}
	for p.dec.More() {
		tok, at, err := p.next()
		if err != nil {
			return err
		}
		key, ok := tok.(string)
		if !ok {
			return p.bad(at, "not valid JSON from here on")
		}
		if seen[key] {
			return p.bad(at, "key %s is repeated in %s", clip(key), what)
		}
		seen[key] = true
		if err := member(key, at); err != nil {
			return err
		}
	}
	_, _, err = p.next()
	return err
}

func (p *lockParser) lock() (*Lock, error) {
	l := &Lock{Packages: map[string]Entry{}}
	normal := map[string]string{}
	err := p.object("the lock", func(key string, at int) error {
		switch key {
		case "version":
			tok, at, err := p.next()
			if err != nil {
				return err
			}
			n, _ := tok.(json.Number)
			if l.format = slices.Index(formats, n.String()) + 1; l.format == 0 {
				return p.bad(at, "lock format is %s, expected %d; it may be of a newer sbomctl", clip(fmt.Sprint(tok)), lockFormat)
			}
			l.formatPos = p.pos(at)
		case "wheel":
			e, err := p.entry(key, at)
			l.Wheel, l.wheelPos = e, p.pos(at)
			return err
		case "packages":
			l.packagesPos = p.pos(at)
			return p.object(key, func(name string, at int) error {
				if !validName(name) || name != strings.ToLower(name) {
					return p.bad(at, "%s is not a project's name in lower case", clip(name))
				}
				if other := normal[Normalize(name)]; other != "" {
					return p.bad(at, "%s and %s are the same project", clip(name), clip(other))
				}
				normal[Normalize(name)] = name
				if len(normal) > maxPackages {
					return p.bad(at, "more than %d packages", maxPackages)
				}
				e, err := p.entry(name, at)
				l.Packages[name] = e
				return err
			})
		default:
			return p.bad(at, "unknown key %s%s", clip(key), diag.DidYouMean(key, []string{"version", "wheel", "packages"}))
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case l.format == 0:
		return nil, p.bad(0, `lock has no key "version"`)
	case l.wheelPos.IsZero():
		return nil, p.bad(0, `lock has no key "wheel"`)
	case l.packagesPos.IsZero():
		return nil, p.bad(0, `lock has no key "packages"`)
	}
	return l, nil
}

// entry reads one file's entry; at is where its key stands.
func (p *lockParser) entry(what string, at int) (Entry, error) {
	e := Entry{pos: p.pos(at)}
	fields := map[string]*string{
		"version": &e.Version, "filename": &e.Filename, "url": &e.URL, "sha256": &e.SHA256, "license": &e.License,
		"license_source": &e.LicenseSource, "author": &e.Author, "homepage": &e.Homepage, "note": &e.Note,
	}
	given := map[string]bool{}
	err := p.object(what, func(key string, at int) error {
		to := fields[key]
		if to == nil {
			return p.bad(at, "unknown key %s%s", clip(key), diag.DidYouMean(key, slices.Sorted(maps.Keys(fields))))
		}
		given[key] = true
		tok, at, err := p.next()
		if err != nil {
			return err
		}
		switch v := tok.(type) {
		case string:
			if v == "" {
				return p.bad(at, "%s is empty, expected a value or null", key)
			}
			*to = v
		case nil:
			if key != "filename" && key != "url" && key != "sha256" {
				return p.bad(at, "%s is null, expected a string", key)
			}
		default:
			return p.bad(at, "%s is neither a string nor null", key)
		}
		return nil
	})
	if err != nil {
		return e, err
	}
	for _, key := range []string{"version", "filename", "url", "sha256"} {
		if !given[key] {
			return e, p.bad(at, "%s has no key %q", what, key)
		}
	}
	if why := e.problem(); why != "" {
		return e, p.bad(at, "%s: %s", what, why)
	}
	return e, nil
}
