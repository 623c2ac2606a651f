package rootfs

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// change writes something else into the mark of a root.
func change(t *testing.T, root *Root, f func(*mark)) {
	t.Helper()
	path := filepath.Join(filepath.Dir(root.Path), markName)
	data, err := os.ReadFile(path)
	var m mark
	if err := errors.Join(err, json.Unmarshal(data, &m)); err != nil {
		t.Fatal(err)
	}
	f(&m)
	data, err = json.Marshal(m)
	if err := errors.Join(err, os.WriteFile(path, data, 0o600)); err != nil {
		t.Fatal(err)
	}
}

// TestBoot: after a boot a root is held against its inventory: once when it is as it was, and made anew when not.
func TestBoot(t *testing.T) {
	if bootID() == "" {
		t.Skip("the system does not say when it was started")
	}
	set := small()
	s := newStore(t)
	var warned []string
	s.Warn = func(m string) { warned = append(warned, m) }
	root, err := s.Get(t.Context(), set, set.Root.Digest)
	wantSmall(t, root, err)
	before := func(m *mark) { m.Boot = "another" }
	change(t, root, before)
	for range 2 {
		again, err := s.Get(t.Context(), nil, set.Root.Digest)
		wantSmall(t, again, err)
		change(t, root, func(m *mark) {
			if m.Boot != bootID() {
				t.Errorf("the mark is of the boot %q", m.Boot)
			}
		})
	}
	if len(warned) != 0 {
		t.Errorf("warned %q", warned)
	}
	etc := filepath.Join(root.Path, "etc")
	for name, damage := range map[string]func() error{
		"emptied":  func() error { return os.Truncate(filepath.Join(etc, "c"), 0) },
		"removed":  func() error { return os.Remove(filepath.Join(etc, "c")) },
		"added":    func() error { return os.WriteFile(filepath.Join(etc, "d"), nil, 0o644) },
		"edited":   func() error { return os.WriteFile(filepath.Join(etc, "c"), []byte("x"), 0o644) },
		"mode":     func() error { return os.Chmod(filepath.Join(etc, "c"), 0o600) },
		"linked":   func() error { return errors.Join(os.RemoveAll(etc), os.Symlink("/etc", etc)) },
		"replaced": func() error { return errors.Join(os.RemoveAll(etc), os.WriteFile(etc, nil, 0o755)) },
	} {
		if err := damage(); err != nil {
			t.Fatal(name, err)
		}
		change(t, root, before)
		warned = nil
		again, err := s.Get(t.Context(), set, set.Root.Digest)
		wantSmall(t, again, err)
		if want := "the root filesystem of the image " + set.Root.Digest.String() + " was damaged since it was unpacked, and is unpacked again"; len(warned) == 0 || warned[0] != want {
			t.Errorf("%s: warned %q", name, warned)
		}
	}
}

// TestBadMark: without a mark that says what it should there is no root, and one is made in its place.
func TestBadMark(t *testing.T) {
	set := small()
	s := newStore(t)
	root, err := s.Get(t.Context(), set, set.Root.Digest)
	wantSmall(t, root, err)
	path := filepath.Join(filepath.Dir(root.Path), markName)
	for name, damage := range map[string]func() error{
		"no mark":     func() error { return os.Remove(path) },
		"empty":       func() error { return os.Truncate(path, 0) },
		"half":        func() error { return os.Truncate(path, 20) },
		"a folder":    func() error { return errors.Join(os.Remove(path), os.Mkdir(path, 0o755)) },
		"a fifo":      func() error { return errors.Join(os.Remove(path), unix.Mkfifo(path, 0o644)) },
		"another":     func() error { change(t, root, func(m *mark) { m.Manifest.Hex = strings.Repeat("0", 64) }); return nil },
		"a later one": func() error { change(t, root, func(m *mark) { m.Version++ }); return nil },
		"no root":     func() error { return Remove(root.Path) },
		"root a link": func() error { return errors.Join(Remove(root.Path), os.Symlink("/", root.Path)) },
		"all a file": func() error {
			dir := filepath.Dir(root.Path)
			return errors.Join(Remove(dir), os.WriteFile(dir, nil, 0o644))
		},
		"all a link": func() error { dir := filepath.Dir(root.Path); return errors.Join(Remove(dir), os.Symlink("/", dir)) },
		"part a link": func() error {
			dir := filepath.Dir(root.Path)
			return errors.Join(Remove(dir), os.Symlink("/", dir+partSuffix))
		},
		"lock a fifo": func() error {
			dir := filepath.Dir(root.Path)
			return errors.Join(Remove(dir), os.Remove(dir+lockSuffix), unix.Mkfifo(dir+lockSuffix, 0o644))
		},
	} {
		if err := damage(); err != nil {
			t.Fatal(name, err)
		}
		again, err := s.Get(t.Context(), set, set.Root.Digest)
		if err != nil {
			t.Fatal(name, err)
		}
		wantSmall(t, again, err)
	}
}
