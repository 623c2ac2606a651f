package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"syscall"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/eval"
	"github.com/sbomctl/sbomctl/engine/files"
)

// The leaf kinds. A path is relative to the workspace's root and slash-separated, or, when it
// lies outside (a tree put in with --override), absolute.
const (
	kindFile   = "file"     // what a path is, with a file's digests: files.State
	kindKind   = "kind"     // what sort of thing a path is: files.Kind
	kindReal   = "realpath" // where a path leads through links: Real
	kindDir    = "dir"      // the entries of a directory: []files.Entry; none when it is no directory
	kindText   = "text"     // the bytes of a small text file: Text
	kindOption = "option"   // the value of a build option: Option
)

func fileKey(path string) eval.Key { return eval.Key{Kind: kindFile, Arg: path} }
func kindKey(path string) eval.Key { return eval.Key{Kind: kindKind, Arg: path} }
func realKey(path string) eval.Key { return eval.Key{Kind: kindReal, Arg: path} }
func dirKey(path string) eval.Key  { return eval.Key{Kind: kindDir, Arg: path} }
func textKey(path string) eval.Key { return eval.Key{Kind: kindText, Arg: path} }
func optionKey(o string) eval.Key  { return eval.Key{Kind: kindOption, Arg: o} }

// Text is a text file: its Bytes, when Kind is files.Regular.
type Text struct {
	Kind  files.Kind
	Bytes []byte
}

// Real is where a path leads: absolute and without links. "" says that it leads nowhere.
type Real string

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
type statProber struct{ s files.Stater }

func (w *Workspace) statProber() *statProber {
	return &statProber{files.Stater{Prefix: w.prefix}}
}

func (p *statProber) Probe(arg string, signature, _ []byte) bool {
	old, _, err := files.DecodeSig(signature)
	if err != nil {
		return false
	}
	now, _, err := p.s.Lstat(arg)
	return err == nil && old.Fresh(now)
}

func (p *statProber) Close() { p.s.Close() }

type fileLeaf struct{ w *Workspace }

func (l fileLeaf) Prober() eval.Prober { return l.w.statProber() }

func (l fileLeaf) Read(arg string) (value, signature []byte, err error) {
	state, sig, err := l.w.reader.Read(l.w.path(arg))
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

func (l dirLeaf) Prober() eval.Prober { return l.w.statProber() }

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

func (l textLeaf) Prober() eval.Prober { return l.w.statProber() }

func (l textLeaf) Read(arg string) (value, signature []byte, err error) {
	if value, ok := l.w.overlaid(arg); ok {
		return value, nil, nil // of a preview, which records nothing that could be probed
	}
	data, state, sig, err := files.ReadBytes(l.w.path(arg), maxText)
	if err != nil {
		return nil, nil, err
	}
	return append([]byte{byte(state.Kind)}, data...), sig.Append(nil), nil
}

func decodeText(value []byte) (any, error) {
	if len(value) == 0 {
		return nil, errDamaged
	}
	return Text{Kind: files.Kind(value[0]), Bytes: value[1:]}, nil
}

// kindLeaf does not change with what a file holds: for the files of which only that they exist matters.
type kindLeaf struct{ w *Workspace }

func (l kindLeaf) Prober() eval.Prober { return &kindProber{files.Stater{Prefix: l.w.prefix}} }

func (l kindLeaf) Read(arg string) (value, signature []byte, err error) {
	_, kind, err := files.Lstat(l.w.path(arg))
	return []byte{byte(kind)}, nil, err
}

// kindProber compares kinds; there is nothing that a signature could add.
type kindProber struct{ s files.Stater }

func (p *kindProber) Probe(arg string, _, value []byte) bool {
	_, kind, err := p.s.Lstat(arg)
	return err == nil && len(value) == 1 && value[0] == byte(kind)
}

func (p *kindProber) Close() { p.s.Close() }

func decodeKind(value []byte) (any, error) {
	if len(value) != 1 {
		return nil, errDamaged
	}
	return files.Kind(value[0]), nil
}

// diffKind names the kinds, so that an explanation does not show digests of single bytes.
func diffKind(before, after []byte) (attribute, old, new string, ok bool) {
	if len(before) != 1 || len(after) != 1 {
		return "", "", "", false
	}
	return "kind", files.Kind(before[0]).String(), files.Kind(after[0]).String(), true
}

// realLeaf follows every link of a path. Its probe follows them again: that is a few calls of lstat,
// and the roots of trees are few.
type realLeaf struct{ w *Workspace }

func (l realLeaf) Prober() eval.Prober { return l }
func (l realLeaf) Close()              {}

func (l realLeaf) Probe(arg string, _, value []byte) bool {
	now, _, err := l.Read(arg)
	return err == nil && string(now) == string(value)
}

func (l realLeaf) Read(arg string) (value, signature []byte, err error) {
	real, err := filepath.EvalSymlinks(l.w.path(arg))
	switch {
	case err == nil:
		return []byte(real), nil, nil
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return nil, nil, nil
	}
	why := "a symbolic link on the way goes round in circles"
	if pe := (*fs.PathError)(nil); errors.As(err, &pe) {
		why = pe.Err.Error()
	}
	return nil, nil, &diag.Error{Pos: diag.File(files.Printable(arg)), Msg: "cannot be resolved: " + why, Err: err}
}

func decodeReal(value []byte) (any, error) { return Real(value), nil }

func diffReal(before, after []byte) (attribute, old, new string, ok bool) {
	return "symbolic link", string(before), string(after), true
}

// gitIndex reads the index of a git checkout that had the given state when it was read as a leaf. Its
// bytes are too many to be recorded.
func (w *Workspace) gitIndex(arg string, want files.State) (*files.Index, error) {
	data, state, _, err := files.ReadBytes(w.path(arg), files.IndexLimit)
	if err != nil {
		return nil, err
	}
	if state.Kind != files.Regular || state.Digest != want.Digest {
		return nil, changedMeanwhile(arg)
	}
	return files.ParseIndex(arg, data)
}

// changedMeanwhile is the error of a file that is no longer what a node was told of it.
func changedMeanwhile(path string) error {
	return &diag.Error{Pos: diag.File(path), Msg: "the file changed while the build was reading it", Hints: []string{"build again"}}
}

// IsRoot reports whether dir is the root of a workspace: its RootFile is a regular file. It is for whoever looks for
// a workspace before one is open.
func IsRoot(dir string) bool {
	_, kind, err := files.Lstat(filepath.Join(dir, RootFile))
	return err == nil && kind == files.Regular
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
