package cache

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/sbomctl/sbomctl/cache/reapi"
)

// damages are ways in which an entry goes bad. path exists and holds its right contents.
func damages(t *testing.T) map[string]func(path string) error {
	replace := func(by func(path string) error) func(string) error {
		return func(path string) error {
			if err := os.Remove(path); err != nil {
				return err
			}
			return by(path)
		}
	}
	change := func(edit func(b []byte) []byte) func(string) error {
		return func(path string) error {
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			if err := os.Remove(path); err != nil {
				return err
			}
			return os.WriteFile(path, edit(b), 0o444)
		}
	}
	all := map[string]func(string) error{
		"truncated": change(func(b []byte) []byte { return b[:len(b)-1] }),
		"emptied":   change(func(b []byte) []byte { return nil }),
		"grown":     change(func(b []byte) []byte { return append(b, 0) }),
		"first bit": change(func(b []byte) []byte { b[0] ^= 1; return b }),
		"last bit":  change(func(b []byte) []byte { b[len(b)-1] ^= 0x80; return b }),
		"zeroes":    change(func(b []byte) []byte { clear(b); return b }),
		"folder": replace(func(path string) error {
			if err := os.Mkdir(path, 0o777); err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(path, "x"), nil, 0o666)
		}),
		"shard is a file": func(path string) error {
			folder := filepath.Dir(path)
			if err := os.RemoveAll(folder); err != nil {
				return err
			}
			return os.WriteFile(folder, []byte("x"), 0o666)
		},
	}
	if runtime.GOOS != "windows" { // needs a privilege there
		all["link to a good file"] = func(path string) error {
			if err := os.Rename(path, path+".good"); err != nil {
				return err
			}
			return os.Symlink(path+".good", path)
		}
		all["dangling link"] = replace(func(path string) error { return os.Symlink("nowhere", path) })
		if os.Getuid() != 0 { // root reads everything
			all["unreadable"] = func(path string) error { return os.Chmod(path, 0) }
		}
	}
	addFifo(all, replace)
	return all
}

// Damaged blobs are a miss with one warning, however they are asked for, and the next Put
// heals them.
func TestDamagedBlob(t *testing.T) {
	b := bytes.Repeat([]byte("blob"), bufferSize/2)
	d := Of(b)
	asks := map[string]func(s *Disk) error{
		"Open":    func(s *Disk) error { _, err := s.Open(background, d); return err },
		"ReadAll": func(s *Disk) error { _, err := s.ReadAll(background, d, 1<<30); return err },
		"CopyTo":  func(s *Disk) error { return s.CopyTo(background, d, filepath.Join(s.dir, "copy"), false) },
	}
	puts := map[string]func(s *Disk) (Digest, error){
		"Put":    func(s *Disk) (Digest, error) { return s.Put(background, b) },
		"stream": func(s *Disk) (Digest, error) { return stream(s, bytes.NewReader(b)) },
	}
	for kind, damage := range damages(t) {
		for how, ask := range asks {
			for putName, heal := range puts {
				t.Run(kind+"/"+how+"/"+putName, func(t *testing.T) {
					s, w := openDisk(t, t.TempDir())
					put(t, s, b)
					if err := damage(s.path(entry(casDir, d))); err != nil {
						t.Fatal(err)
					}
					for range 3 {
						if err := ask(s); !errors.Is(err, ErrMiss) {
							t.Fatalf("%v, want a miss", err)
						}
					}
					if len(w.list) != 1 || !strings.Contains(w.list[0], s.path(entry(casDir, d))[:len(s.path(casDir))+3]) {
						t.Errorf("warnings %q, want one that names the entry", w.list)
					}
					if s.has(d) {
						t.Error("the damaged entry is still there")
					}
					if got, err := heal(s); err != nil || got != d {
						t.Fatalf("%v, %v", got, err)
					}
					if err := ask(s); err != nil {
						t.Errorf("not healed: %v", err)
					}
					if len(w.list) != 1 || len(temporaries(t, s.TempDir())) > 0 {
						t.Errorf("warnings %q, left behind %v", w.list, temporaries(t, s.TempDir()))
					}
				})
			}
		}
		// Put before anybody has asked: it must not take a right size for a right blob.
		for putName, heal := range puts {
			t.Run(kind+"/"+putName, func(t *testing.T) {
				s, w := openDisk(t, t.TempDir())
				put(t, s, b)
				if err := damage(s.path(entry(casDir, d))); err != nil {
					t.Fatal(err)
				}
				if got, err := heal(s); err != nil || got != d {
					t.Fatalf("%v, %v", got, err)
				}
				if got, err := s.ReadAll(background, d, 1<<30); err != nil || !bytes.Equal(got, b) {
					t.Errorf("not healed: %v", err)
				}
				if len(w.list) > 1 {
					t.Errorf("warnings %q, want at most one", w.list)
				}
			})
		}
	}
}

func TestDamagedResult(t *testing.T) {
	key := Of([]byte("key"))
	r := &reapi.ActionResult{OutputFiles: []reapi.OutputFile{{Path: "a", Digest: key}}, Stderr: []byte("w")}
	all := damages(t)
	all["entry of another key"] = func(path string) error {
		s, err := OpenDisk(t.TempDir(), nil)
		if err != nil {
			return err
		}
		other := Of([]byte("other"))
		if err := s.PutResult(background, other, r); err != nil {
			return err
		}
		b, err := os.ReadFile(s.path(entry(acDir, other)))
		if err != nil {
			return err
		}
		os.Remove(path)
		return os.WriteFile(path, b, 0o444)
	}
	all["no message, right checksum"] = func(path string) error {
		os.Remove(path)
		return os.WriteFile(path, append([]byte{0xff}, resultSum(key, []byte{0xff})...), 0o444)
	}
	for kind, damage := range all {
		t.Run(kind, func(t *testing.T) {
			s, w := openDisk(t, t.TempDir())
			if err := s.PutResult(background, key, r); err != nil {
				t.Fatal(err)
			}
			if err := damage(s.path(entry(acDir, key))); err != nil {
				t.Fatal(err)
			}
			for range 3 {
				if got, err := s.Get(background, key); !errors.Is(err, ErrMiss) {
					t.Fatalf("%+v, %v, want a miss", got, err)
				}
			}
			if len(w.list) != 1 {
				t.Errorf("warnings %q, want one", w.list)
			}
			if err := s.PutResult(background, key, r); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Get(background, key); err != nil {
				t.Errorf("not healed: %v", err)
			}
		})
	}
}

// What another process has healed in the meantime must not be taken away.
func TestDamagedSparesHealed(t *testing.T) {
	s, _ := openDisk(t, t.TempDir())
	d := put(t, s, []byte("x"))
	path := s.path(entry(casDir, d))
	overwrite(t, path, "y")
	bad, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, []byte("x"))
	s.damaged(entry(casDir, d), bad, "test")
	if b, err := s.ReadAll(background, d, 1); err != nil || string(b) != "x" {
		t.Errorf("%q, %v", b, err)
	}
}

// An entry that cannot be taken away is warned of once all the same.
func TestDamagedStays(t *testing.T) {
	s, w := openDisk(t, t.TempDir())
	d := put(t, s, []byte("x"))
	overwrite(t, s.path(entry(casDir, d)), "y")
	if err := os.Remove(s.TempDir()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.TempDir(), nil, 0o666); err != nil { // nothing can be moved there
		t.Fatal(err)
	}
	for range 3 {
		if _, err := s.ReadAll(background, d, 1); !errors.Is(err, ErrMiss) {
			t.Errorf("%v, want a miss", err)
		}
	}
	if len(w.list) != 1 {
		t.Errorf("warnings %q, want one", w.list)
	}
}

// FuzzGet: no bytes in the place of an entry are more than a miss, unless they are one.
func FuzzGet(f *testing.F) {
	key := Of([]byte("key"))
	message := (&reapi.ActionResult{Stderr: []byte("w")}).Marshal()
	f.Add(append(message, resultSum(key, message)...))
	f.Add([]byte{})
	f.Add(make([]byte, 32))
	s, _ := openDisk(f, f.TempDir())
	path := s.path(entry(acDir, key))
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
		r, err := s.Get(background, key)
		if err == nil && !bytes.HasSuffix(b, resultSum(key, b[:len(b)-32])) {
			t.Fatalf("believed: %+v", r)
		}
		if err != nil && !errors.Is(err, ErrMiss) {
			t.Fatal(err)
		}
	})
}
