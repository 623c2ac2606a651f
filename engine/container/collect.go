package container

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/cache/osfile"
	"github.com/sbomctl/sbomctl/cache/reapi"
	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/diag"
)

// maxOutput bounds an output, in bytes.
const maxOutput = 4 << 30

// collect takes the outputs of a command out of its tree, which nobody changes any more.
func collect(ctx context.Context, store cache.Store, s *action.Spec, tree, listing string) ([]reapi.OutputFile, error) {
	var out []reapi.OutputFile
	var errs diag.List
	for _, name := range s.Outputs {
		if name == listing {
			continue
		}
		at := path.Join(s.Dir, name)
		info, err := lstatBelow(tree, at)
		if err != nil {
			errs = append(errs, &diag.Error{Msg: fmt.Sprintf("%s: its output %s %v", s, name, err), Hints: madeInstead(s, tree, at)})
			continue
		}
		if info.Size() > maxOutput {
			errs = append(errs, &diag.Error{Msg: fmt.Sprintf("%s: its output %s has %d bytes, at most %d are kept", s, name, info.Size(), int64(maxOutput))})
			continue
		}
		f, err := put(ctx, store, filepath.Join(tree, filepath.FromSlash(at)), info)
		if err != nil {
			return nil, err
		}
		f.Path, f.Executable = name, info.Mode()&0o111 != 0
		out = append(out, f)
	}
	return out, errs.Err()
}

// lstatBelow describes the ordinary file at a path below dir, to which no link leads. The error says what is there instead, as
// what comes after "its output NAME".
func lstatBelow(dir, name string) (fs.FileInfo, error) {
	at := dir
	info, err := os.Stat(dir)
	segments := strings.Split(name, "/")
	for i, segment := range segments {
		if err == nil {
			err = reopen(at, info)
		}
		at = filepath.Join(at, segment)
		if err == nil {
			info, err = os.Lstat(at)
		}
		last := i == len(segments)-1
		switch {
		case os.IsNotExist(err):
			return nil, fmt.Errorf("was not made")
		case err != nil:
			return nil, fmt.Errorf("cannot be looked at: %w", osfile.Reason(err))
		case info.Mode()&fs.ModeSymlink != 0 && last:
			return nil, fmt.Errorf("is a link, and an output is a file")
		case info.Mode()&fs.ModeSymlink != 0:
			return nil, fmt.Errorf("lies behind a link (%s)", path.Join(segments[:i+1]...))
		case last && info.IsDir():
			return nil, fmt.Errorf("is a folder, and an output is a file")
		case last && !info.Mode().IsRegular():
			return nil, fmt.Errorf("is a %s, and an output is a file", kindName(info.Mode()))
		case last:
			return info, nil
		case !info.IsDir():
			return nil, fmt.Errorf("was not made: %s is no folder", path.Join(segments[:i+1]...))
		}
	}
	return nil, fmt.Errorf("has no name")
}

// reopen opens a folder that the command closed to its owner, who we are.
func reopen(name string, info fs.FileInfo) error {
	const open = 0o500
	if !info.IsDir() || info.Mode().Perm()&open == open {
		return nil
	}
	return os.Chmod(name, info.Mode().Perm()|open)
}

// kindName is a word for what is no file.
func kindName(m fs.FileMode) string {
	switch {
	case m&fs.ModeSymlink != 0:
		return "link"
	case m.IsDir():
		return "folder"
	case m&fs.ModeNamedPipe != 0:
		return "fifo"
	case m&fs.ModeSocket != 0:
		return "socket"
	case m&fs.ModeDevice != 0:
		return "device"
	}
	return "file"
}

// put stores an output. info is what was there a moment ago.
func put(ctx context.Context, store cache.Store, name string, info fs.FileInfo) (reapi.OutputFile, error) {
	var out reapi.OutputFile
	if info.Mode().Perm()&0o400 == 0 { // the command took away what its owner, who we are, may do
		if err := os.Chmod(name, info.Mode().Perm()|0o400); err != nil {
			return out, diskError("read an output", err)
		}
	}
	f, err := os.Open(name)
	if err != nil {
		return out, diskError("read an output", err)
	}
	defer f.Close()
	if now, err := f.Stat(); err != nil || !os.SameFile(now, info) {
		return out, fmt.Errorf("the output %s changed while it was read", name)
	}
	if info.Size() <= action.MaxInline {
		b, err := io.ReadAll(io.LimitReader(f, action.MaxInline+1))
		if err != nil {
			return out, diskError("read an output", err)
		}
		return reapi.OutputFile{Digest: cache.Of(b), Contents: b}, nil
	}
	w, err := store.Create(ctx)
	if err != nil {
		return out, err
	}
	defer w.Abort()
	if _, err := io.Copy(w, f); err != nil {
		return out, err
	}
	out.Digest, err = w.Commit()
	return out, err
}

// madeInstead says which files the command made that were not there before, the nearest to the name first.
func madeInstead(s *action.Spec, tree, want string) []string {
	before := map[string]bool{}
	for _, in := range s.Inputs {
		for _, f := range in.Files {
			before[f.Path] = true
		}
	}
	var made []string
	tree = strings.TrimSuffix(tree, "/") + "/" // it may be a link into a sandbox
	_ = filepath.WalkDir(tree, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil
		}
		if len(made) >= maxMade {
			return fs.SkipAll
		}
		rel, err := filepath.Rel(tree, p)
		if rel = filepath.ToSlash(rel); err == nil && !before[rel] && rel != want {
			made = append(made, rel)
		}
		return nil
	})
	if len(made) == 0 {
		return []string{"it made no file in its tree"}
	}
	near := diag.Nearest(want, made)
	if near == "" {
		if i := slices.IndexFunc(made, func(m string) bool { return path.Base(m) == path.Base(want) }); i >= 0 {
			near = made[i]
		}
	}
	if near != "" {
		return []string{fmt.Sprintf("it made %s", near)}
	}
	const many = 5
	more := ""
	if n := len(made) - many; n > 0 {
		made, more = made[:many], fmt.Sprintf(" and %d more", n)
	}
	return []string{"it made " + strings.Join(made, ", ") + more}
}

// maxMade bounds how many files are looked at for a hint.
const maxMade = 10_000
