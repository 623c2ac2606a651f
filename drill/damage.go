package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
)

// harm is what can happen to a file of the cache. Victim is a file outside of it that has the right bytes for
// the place, and that nobody may change.
type harm struct {
	name string
	do   func(path, victim string, r *rand.Rand) error
}

var harms = []harm{
	{"deleted", func(path, _ string, _ *rand.Rand) error { return os.Remove(path) }},
	{"empty", rewrite(func(b []byte, r *rand.Rand) []byte { return nil })},
	{"cut", rewrite(func(b []byte, r *rand.Rand) []byte { return b[:r.IntN(len(b)+1)] })},
	{"one bit", rewrite(func(b []byte, r *rand.Rand) []byte {
		if len(b) > 0 {
			b[r.IntN(len(b))] ^= 1 << r.IntN(8)
		}
		return b
	})},
	{"longer", rewrite(func(b []byte, r *rand.Rand) []byte { return append(b, "more"...) })},
	{"zeros", rewrite(func(b []byte, r *rand.Rand) []byte { return make([]byte, len(b)) })},
	{"foreign", rewrite(func(b []byte, r *rand.Rand) []byte { return []byte("somebody else's\n") })},
	{"a megabyte", rewrite(func(b []byte, r *rand.Rand) []byte { return bytes.Repeat([]byte("megabyte"), 1<<17) })},
	{"a fifo", instead(func(path, _ string) error { return syscall.Mkfifo(path, 0o666) })},
	{"a folder", instead(func(path, _ string) error { return os.Mkdir(path, 0o777) })},
	{"a full folder", instead(func(path, _ string) error { return os.MkdirAll(filepath.Join(path, "x", "y"), 0o777) })},
	{"a link to the victim", instead(func(path, victim string) error { return os.Symlink(victim, path) })},
	{"a link to another victim", instead(func(path, victim string) error { return os.Symlink(victim+"-other", path) })},
	{"a link to a folder", instead(func(path, victim string) error { return os.Symlink(filepath.Dir(victim), path) })},
	{"a link to nothing", instead(func(path, victim string) error { return os.Symlink(victim+"-nothing", path) })},
	{"a link to itself", instead(func(path, _ string) error { return os.Symlink(filepath.Base(path), path) })},
	{"a hard link to the victim", instead(func(path, victim string) error { return os.Link(victim, path) })},
}

// rewrite changes the bytes of a file.
func rewrite(change func([]byte, *rand.Rand) []byte) func(string, string, *rand.Rand) error {
	return func(path, _ string, r *rand.Rand) error {
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := os.Chmod(path, 0o666); err != nil {
			return err
		}
		return os.WriteFile(path, change(b, r), 0o666)
	}
}

// instead puts something in the place of a file.
func instead(put func(path, victim string) error) func(string, string, *rand.Rand) error {
	return func(path, victim string, _ *rand.Rand) error {
		if err := os.Remove(path); err != nil {
			return err
		}
		return put(path, victim)
	}
}

// damage damages every file of the cache in turn, in every way. The build after it is right, without a repair
// by hand, and nothing outside of the cache is changed.
func damage(s *session) error {
	for seed := s.seed; s.more(); seed++ {
		t, err := s.newTestbed(seed)
		if err != nil {
			return err
		}
		r := rand.New(rand.NewPCG(seed, 4))
		files := filesOf(t.pristine.cache)
		// Files that are one of a kind come first, then the many contents and results.
		var all, many [][2]int
		for i, f := range files {
			for j := range harms {
				if nameless(f) == filepath.Base(f) {
					all = append(all, [2]int{i, j})
				} else {
					many = append(many, [2]int{i, j})
				}
			}
		}
		r.Shuffle(len(many), func(i, j int) { many[i], many[j] = many[j], many[i] })
		for _, at := range append(all, many...) {
			if !s.more() {
				break
			}
			s.trials++
			need := pick(r, needs)
			f, err := t.damaged(files[at[0]], harms[at[1]], need, r)
			if err != nil {
				return err
			}
			if f != nil && s.counts(f) {
				s.found(seed, f, fmt.Sprintf("    world of seed %d, built and edited; %s\n    cache: %s becomes %s\n", seed, need.name, nameless(files[at[0]]), harms[at[1]].name))
			}
		}
		t.remove()
	}
	return nil
}

// need is what the build after a damage needs of the cache.
type need struct {
	name  string
	clear []string // relative to the folder of the world
}

var needs = []need{
	{"nothing more", nil},
	{"outputs removed", []string{"world/" + outDir}},
	{"state removed", []string{"cache/v1/workspaces"}},
	{"outputs and state removed", []string{"world/" + outDir, "cache/v1/workspaces"}},
}

// filesOf returns the files of a cache, sorted, relative to it.
func filesOf(cache string) []string {
	var out []string
	_ = filepath.WalkDir(cache, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			rel, _ := filepath.Rel(cache, path)
			out = append(out, rel)
		}
		return nil
	})
	return out
}

// nameless is a path of the cache without what differs from file to file.
func nameless(path string) string {
	switch dir := filepath.Dir(path); {
	case filepath.Base(filepath.Dir(dir)) == "workspaces", filepath.Base(dir) == "v1":
		return filepath.Base(path)
	default:
		return "a file of " + filepath.Base(filepath.Dir(dir))
	}
}

func (t *testbed) damaged(file string, h harm, need need, r *rand.Rand) (*failure, error) {
	if err := t.reset(false); err != nil {
		return nil, err
	}
	dir := filepath.Dir(t.w.dir)
	outside := filepath.Join(dir, "victims")
	if err := errors.Join(os.RemoveAll(outside), os.Mkdir(outside, 0o777)); err != nil {
		return nil, err
	}
	for _, name := range need.clear {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			return nil, err
		}
	}
	path := filepath.Join(t.w.cache, file)
	right, err := os.ReadFile(path)
	if err != nil {
		return nil, nil // the damage is that it was removed
	}
	victim := filepath.Join(outside, "victim")
	for name, b := range map[string][]byte{victim: right, victim + "-other": []byte("a system's file\n")} {
		if err := putFile(name, b, 0o640); err != nil {
			return nil, err
		}
	}
	want := describeFiles(outside)
	if err := h.do(path, victim, r); err != nil {
		return nil, err
	}
	f := t.recovers()
	if got := describeFiles(outside); f == nil && got != want {
		f = failed("victim", "outside of the cache there was\n%sand there is\n%s", want, got)
	}
	return f, nil
}

// describeFiles says of each thing in a folder what it is, with its mode and bytes.
func describeFiles(dir string) string {
	var b bytes.Buffer
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return nil
		}
		text, _ := readRegular(path)
		fmt.Fprintf(&b, "%s %s %d bytes %x\n", filepath.Base(path), info.Mode(), len(text), hash(string(text)))
		return nil
	})
	return b.String()
}
