package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/sbomctl/sbomctl/engine/eval"
	"github.com/sbomctl/sbomctl/engine/files"
)

// The leaf kinds. A path is relative to the workspace's root and slash-separated, or, when it
// lies outside (a tree put in with --override), absolute.
const (
	kindFile   = "file"   // what a path is: files.State
	kindDir    = "dir"    // the entries of a directory: []files.Entry; none when it is no directory
	kindText   = "text"   // the bytes of a small text file: Text
	kindOption = "option" // the value of a build option: Option
)

func fileKey(path string) eval.Key { return eval.Key{Kind: kindFile, Arg: path} }
func dirKey(path string) eval.Key  { return eval.Key{Kind: kindDir, Arg: path} }
func textKey(path string) eval.Key { return eval.Key{Kind: kindText, Arg: path} }
func optionKey(o string) eval.Key  { return eval.Key{Kind: kindOption, Arg: o} }

// Text is a text file: Bytes, unless Absent.
type Text struct {
	Absent bool
	Bytes  []byte
}

// Option is the value of a build option; Set is false when the user gave none.
type Option struct {
	Set   bool
	Value string
}

// maxText bounds the files that are read whole: Starlark files and ignore files.
const maxText = 8 << 20

// path turns the argument of a leaf into a path for the system.
func (w *Workspace) path(arg string) string {
	if filepath.IsAbs(arg) {
		return arg
	}
	return w.prefix + arg
}

// statProber probes with a stat.
type statProber struct {
	w *Workspace
	s files.Stater
}

func (p *statProber) Probe(arg string, signature, _ []byte) bool {
	old, _, err := files.DecodeSig(signature)
	if err != nil {
		return false
	}
	now, _, err := p.s.Lstat(p.w.path(arg))
	return err == nil && old.Fresh(now)
}

func (p *statProber) Close() { p.s.Close() }

type fileLeaf struct{ w *Workspace }

func (l fileLeaf) Prober() eval.Prober { return &statProber{w: l.w} }

func (l fileLeaf) Read(arg string) (value, signature []byte, err error) {
	state, sig, err := files.Read(l.w.path(arg))
	if err != nil {
		return nil, nil, err
	}
	b := make([]byte, 0, files.SigSize+128)
	b = sig.Append(b)
	n := len(b)
	b = state.Append(b)
	return b[n:], b[:n:n], nil
}

func decodeFile(value []byte) (any, error) {
	s, _, err := files.DecodeState(value)
	return s, err
}

// diffFile names how two states differ when it is not in content.
func diffFile(before, after []byte) (attribute, old, new string, ok bool) {
	a, _, err1 := files.DecodeState(before)
	b, _, err2 := files.DecodeState(after)
	if err1 != nil || err2 != nil || a.Kind == b.Kind && a.Kind == files.Regular && a.Digest != b.Digest {
		return "", "", "", false
	}
	describe := func(s files.State) string {
		if s.Kind == files.Regular && s.Executable {
			return "executable " + s.Kind.String()
		}
		return s.Kind.String()
	}
	return "kind", describe(a), describe(b), true
}

type dirLeaf struct{ w *Workspace }

func (l dirLeaf) Prober() eval.Prober { return &statProber{w: l.w} }

func (l dirLeaf) Read(arg string) (value, signature []byte, err error) {
	entries, sig, err := files.List(l.w.path(arg))
	if errors.Is(err, fs.ErrNotExist) {
		now, _, err := files.Lstat(l.w.path(arg))
		now.Racy = true // it may become a directory within the clock's granularity
		return files.AppendEntries(nil, nil), now.Append(nil), err
	}
	if err != nil {
		return nil, nil, err
	}
	return files.AppendEntries(nil, entries), sig.Append(nil), nil
}

func decodeDir(value []byte) (any, error) {
	e, _, err := files.DecodeEntries(value)
	return e, err
}

type textLeaf struct{ w *Workspace }

func (l textLeaf) Prober() eval.Prober { return &statProber{w: l.w} }

func (l textLeaf) Read(arg string) (value, signature []byte, err error) {
	data, state, sig, err := files.ReadBytes(l.w.path(arg), maxText)
	if err != nil {
		return nil, nil, err
	}
	if state.Kind != files.Regular {
		return []byte{0}, sig.Append(nil), nil
	}
	return append([]byte{1}, data...), sig.Append(nil), nil
}

func decodeText(value []byte) (any, error) {
	if len(value) == 0 {
		return nil, fmt.Errorf("empty record")
	}
	return Text{Absent: value[0] == 0, Bytes: value[1:]}, nil
}

// optionLeaf reads what the user said on the command line; its probe compares values.
type optionLeaf struct{ w *Workspace }

func (l optionLeaf) Prober() eval.Prober { return l }
func (l optionLeaf) Close()              {}

func (l optionLeaf) Probe(arg string, _, value []byte) bool {
	return string(l.encode(arg)) == string(value)
}

func (l optionLeaf) Read(arg string) (value, signature []byte, err error) {
	return l.encode(arg), nil, nil
}

func (l optionLeaf) encode(arg string) []byte {
	v, ok := l.w.opt.Values[arg]
	if !ok {
		return []byte{0}
	}
	return append([]byte{1}, v...)
}

func decodeOption(value []byte) (any, error) {
	if len(value) == 0 {
		return nil, fmt.Errorf("empty record")
	}
	return Option{Set: value[0] == 1, Value: string(value[1:])}, nil
}

// diffOption names the option, so that an explanation does not show digests of short words.
func diffOption(before, after []byte) (attribute, old, new string, ok bool) {
	if len(before) == 0 || len(after) == 0 {
		return "", "", "", false
	}
	return "option", string(before[1:]), string(after[1:]), true
}
