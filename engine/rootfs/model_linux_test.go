package rootfs

import (
	"archive/tar"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"testing"
)

// model is the specification in its simplest form: what lies under each path, "." being the root.
type model map[string]*item

// item is a file, a link or a folder. Hard links are one item under several paths.
type item struct {
	kind   byte // of tar
	body   string
	target string
	mode   int64
}

var errModel = errors.New("no such layer can be applied")

// find follows names from the folder dir, and makes folders that are missing.
func (m model) find(dir string, names []string, links int) (string, error) {
	if len(names) == 0 {
		return dir, nil
	}
	name, rest := names[0], names[1:]
	if name == "" || name == "." {
		return m.find(dir, rest, links)
	}
	next := path.Join("/"+dir, name)[1:] // ".." of the root is the root
	if next == "" {
		next = "."
	}
	if m[next] == nil {
		m[next] = &item{kind: tar.TypeDir, mode: 0o755}
	}
	switch m[next].kind {
	case tar.TypeDir:
		return m.find(next, rest, links)
	case tar.TypeSymlink:
		if links == 40 {
			return "", errModel
		}
		if strings.HasPrefix(m[next].target, "/") {
			dir = "."
		}
		return m.find(dir, append(strings.Split(m[next].target, "/"), rest...), links+1)
	}
	return "", errModel
}

// place returns the path that an entry's name leads to, the last name not followed.
func (m model) place(name string) (string, error) {
	dir, base := path.Split(path.Clean(name))
	at, err := m.find(".", strings.Split(dir, "/"), 0)
	return path.Join(at, base), err
}

func (m model) remove(name string) {
	maps.DeleteFunc(m, func(p string, _ *item) bool { return p == name || strings.HasPrefix(p, name+"/") })
}

// apply applies the whiteouts of a layer, and then its other entries.
func (m model) apply(layer []entry) error {
	for _, e := range layer {
		dir, base := path.Split(e.Name)
		victim, ok := strings.CutPrefix(base, ".wh.")
		if !ok {
			continue
		}
		// Nothing is made on the way to what goes.
		scratch := maps.Clone(m)
		at, err := scratch.find(".", strings.Split(dir, "/"), 0)
		if err != nil || m[at] == nil {
			continue
		}
		if victim != ".wh..opq" {
			m.remove(path.Join(at, victim))
			continue
		}
		for p := range maps.Clone(m) {
			if p != "." && path.Dir(p) == at {
				m.remove(p)
			}
		}
	}
	for _, e := range layer {
		if strings.HasPrefix(path.Base(e.Name), ".wh.") {
			continue
		}
		at, err := m.place(e.Name)
		if err != nil {
			return err
		}
		kind := e.Type
		switch {
		case strings.HasSuffix(e.Name, "/"):
			kind = tar.TypeDir
		case e.Link != "" && kind == 0:
			kind = tar.TypeSymlink
		case kind == 0:
			kind = tar.TypeReg
		}
		made := &item{kind: kind, body: e.Body, target: e.Link, mode: e.Mode}
		if kind == tar.TypeLink {
			to, err := maps.Clone(m).place(e.Link)
			if err != nil || m[to] == nil || m[to].kind == tar.TypeDir || to != at && strings.HasPrefix(to, at+"/") {
				return errModel
			}
			made = m[to]
		}
		if kind == tar.TypeDir && m[at] != nil && m[at].kind == tar.TypeDir {
			m[at] = made
			continue
		}
		m.remove(at)
		m[at] = made
	}
	return nil
}

// listing is what listing says of the tree.
func (m model) listing() []string {
	var lines []string
	seen := map[*item]string{}
	var walk func(name string)
	walk = func(name string) {
		it := m[name]
		first, again := seen[it]
		seen[it] = name
		switch {
		case again:
			seen[it] = first
			lines = append(lines, name+" == "+first)
		case it.kind == tar.TypeSymlink:
			lines = append(lines, name+" -> "+it.target)
		case it.kind == tar.TypeReg:
			line := name + " = " + it.body
			if it.mode != 0o644 {
				line += fmt.Sprintf(" %04o", it.mode)
			}
			lines = append(lines, line)
		case it.kind == tar.TypeDir:
			line := name + "/"
			if it.mode != 0o755 {
				line += fmt.Sprintf(" %04o", it.mode)
			}
			lines = append(lines, line)
			for _, p := range slices.Sorted(maps.Keys(m)) {
				if p != "." && path.Dir(p) == name {
					walk(p)
				}
			}
		}
	}
	walk(".")
	return lines
}

// against applies layers to the model and unpacks them, and compares. It reports whether they can be applied.
func against(t *testing.T, layers [][]entry) bool {
	t.Helper()
	m := model{".": {kind: tar.TypeDir, mode: 0o755}}
	var wrong error
	for _, l := range layers {
		if wrong = m.apply(l); wrong != nil {
			break
		}
	}
	root, err := get(t, newStore(t), layersOf(layers...)...)
	if (err == nil) != (wrong == nil) {
		t.Fatalf("%v, and the model: %v; layers\n%s", err, wrong, describe(layers))
	}
	if err != nil {
		return false
	}
	if got, want := listing(t, root.Path), m.listing(); !slices.Equal(got, want) {
		t.Fatalf("got\n%s\nwant\n%s\nlayers\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"), describe(layers))
	}
	return true
}

func describe(layers [][]entry) string {
	var b strings.Builder
	for i, l := range layers {
		fmt.Fprintf(&b, "%d\n", i)
		for _, e := range l {
			fmt.Fprintf(&b, "  %+v\n", e)
		}
	}
	return b.String()
}

// TestModelOrder: a whiteout hides what lower layers have, wherever in its layer it comes. Folders have other names than files here, since
// an entry below what a later whiteout hides leads elsewhere than one after it.
func TestModelOrder(t *testing.T) {
	pick := func(r *rand.Rand, from ...string) string { return from[r.IntN(len(from))] }
	for seed := range uint64(80) {
		r := rand.New(rand.NewPCG(seed, 1))
		folderName := func() string {
			var names []string
			for range r.IntN(3) {
				names = append(names, pick(r, "a", "b"))
			}
			return strings.Join(append(names, ""), "/")
		}
		var layers [][]entry
		for l := range 3 {
			var layer []entry
			for i := range 1 + r.IntN(8) {
				dir, body := folderName(), fmt.Sprint(l, i)
				switch r.IntN(7) {
				case 0, 1:
					layer = append(layer, entry{Name: dir + pick(r, "x", "y"), Body: body, Mode: 0o644})
				case 2:
					layer = append(layer, entry{Name: dir + pick(r, "x", "y"), Link: "to" + body})
				case 3:
					if dir != "" && dir != "/" {
						layer = append(layer, entry{Name: dir, Mode: 0o700 + int64(r.IntN(7))})
					}
				case 4:
					layer = append(layer, entry{Name: dir + ".wh." + pick(r, "x", "y", "a", "b")})
				case 5:
					layer = append(layer, entry{Name: dir + ".wh..wh..opq"})
				case 6:
					file := dir + pick(r, "x", "y")
					layer = append(layer, entry{Name: file, Body: body, Mode: 0o600}, hard(folderName()+"z", file))
				}
			}
			layers = append(layers, layer)
		}
		if !against(t, layers) {
			t.Fatalf("seed %d: cannot be applied\n%s", seed, describe(layers))
		}
	}
}

// TestModelNames: anything under any name, through links too, with the whiteouts before the rest.
func TestModelNames(t *testing.T) {
	applied := 0
	const seeds = 150
	for seed := range uint64(seeds) {
		r := rand.New(rand.NewPCG(seed, 2))
		name := func() string {
			names := []string{}
			for range 1 + r.IntN(4) {
				names = append(names, string("abc"[r.IntN(3)]))
			}
			return strings.Join(names, "/")
		}
		target := func() string {
			return []string{"", "/", "../", "../", "../../", "./../"}[r.IntN(6)] + name()
		}
		var layers [][]entry
		below := model{".": {kind: tar.TypeDir, mode: 0o755}}
		for l := range 3 {
			var hides, layer []entry
			for i := range 1 + r.IntN(9) {
				n, body := name(), fmt.Sprint(l, i)
				before := slices.Clone(layer)
				switch r.IntN(8) {
				case 0, 1:
					layer = append(layer, entry{Name: n, Body: body, Mode: 0o644})
				case 2, 3:
					layer = append(layer, entry{Name: n + "/", Mode: 0o755})
				case 4:
					layer = append(layer, entry{Name: n, Link: target()})
				case 5:
					layer = append(layer, hard(n, name()))
				case 6:
					hides = append(hides, entry{Name: path.Join(path.Dir(n), ".wh."+path.Base(n))})
				case 7:
					hides = append(hides, entry{Name: path.Join(n, ".wh..wh..opq")})
				}
				// Few of the entries that cannot be applied stay, or hardly any image could be.
				if maps.Clone(below).apply(append(slices.Clone(hides), layer...)) != nil && r.IntN(12) > 0 {
					layer = before
				}
			}
			layers = append(layers, append(hides, layer...))
			below.apply(layers[l])
		}
		if against(t, layers) {
			applied++
		}
	}
	t.Logf("%d of %d could be applied", applied, seeds)
	if applied < seeds/10 || applied > seeds*9/10 {
		t.Errorf("%d of %d could be applied; both should be tried", applied, seeds)
	}
}
