package action

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/cache/reapi"
)

// TestKey pins the keys of two actions: should they change, every cache is worthless at once.
func TestKey(t *testing.T) {
	for want, s := range map[string]*Spec{
		"358bd75d6e2c23614aaf7e574ced827af9148b9ed85dd5fcba100ad51fbae569/141": concatSpec(inline("a", "1"), inline("d/b", "2")),
		"09cb584f6f21f8fc130bc6400a833dd06f4f02785d2a2ad2505e8912290431ac/141": concatSpec(inline("a", "1"), inline("a", "2")),
	} {
		if key, err := s.Key(); err != nil || key.String() != want {
			t.Errorf("key is %s, want %s (%v)", key, want, err)
		}
	}
}

// TestKeyForms: inputs that once had the key of others, or none.
func TestKeyForms(t *testing.T) {
	one := func(name string, files ...File) []Input { return []Input{{name, files}} }
	seen := map[string]string{}
	for name, inputs := range map[string][]Input{
		"a twice":                one("in", inline("a", "1"), inline("a", "2")),
		"a twice, turned":        one("in", inline("a", "2"), inline("a", "1")),
		"numbers of its own":     one("in", inline("0/a", "1"), inline("1/a", "2")),
		"a line of the manifest": one("in", inline("a\n0 b", "1")),
		"two files":              one("in", inline("a", "1"), inline("b", "1")),
		"an input manifest":      one("manifest", inline("a", "1")),
		"a file manifest":        one("in", inline("manifest", "1")),
		"folder and file":        one("in", inline("a", "1"), inline("a/b", "2")),
		"nested input name":      one("in/a", inline("b", "1")),
		"nested path":            one("in", inline("a/b", "1")),
		"no files":               one("in"),
		"no inputs":              nil,
		"spaces":                 one("in 1", inline("a", "1")),
		"two empty inputs":       {{Name: "in"}, {Name: "on"}},
	} {
		key, err := (&Spec{Operation: concat.Identity(), Inputs: inputs, Outputs: []string{"out"}}).Key()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if other, taken := seen[key.String()]; taken {
			t.Errorf("%s and %s have one key", name, other)
		}
		seen[key.String()] = name
	}
}

// TestNoKey: what has no canonical form is refused.
func TestNoKey(t *testing.T) {
	op := concat.Identity()
	for name, s := range map[string]*Spec{
		"nothing":               {},
		"both":                  {Operation: op, Command: []string{"a"}},
		"command parameters":    {Command: []string{"a"}, Params: []byte("{}")},
		"inputs out of order":   {Operation: op, Inputs: []Input{{Name: "b"}, {Name: "a"}}},
		"an input twice":        {Operation: op, Inputs: []Input{{Name: "a"}, {Name: "a"}}},
		"outputs out of order":  {Operation: op, Outputs: []string{"b", "a"}},
		"a variable twice":      {Operation: op, Environment: []reapi.Property{{Name: "a"}, {Name: "a", Value: "b"}}},
		"platform out of order": {Operation: op, Platform: []reapi.Property{{Name: "b"}, {Name: "a"}}},
		"absolute path":         {Operation: op, Inputs: []Input{{Name: "a", Files: []File{inline("/a", "")}}}},
		"no platform":           {Command: []string{"a"}},
		"operation, platform":   {Operation: op, Platform: []reapi.Property{{Name: "a"}}},
		"operation, variable":   {Operation: op, Environment: []reapi.Property{{Name: "a"}}},
		"operation, time limit": {Operation: op, Timeout: 1},
		"operation, folder":     {Operation: op, Dir: "a", Inputs: []Input{{Name: "a", Files: []File{inline("a/b", "")}}}},
		"a folder not there":    command("b", inline("a/b", "")),
		"a folder, a file":      command("a", inline("a", "")),
		"two files, one path":   command("", inline("a", "1"), inline("a", "2")),
		"file and folder":       command("", inline("a", "1"), inline("a/b", "2")),
		"path outside":          {Operation: op, Inputs: []Input{{Name: "a", Files: []File{inline("../a", "")}}}},
	} {
		if key, err := s.Key(); err == nil {
			t.Errorf("%s: key %s", name, key)
		}
	}
}

// source makes choices: of a random generator, or of the bytes of a fuzz input.
type source func(n int) int

// spec makes a small action out of few words, so that two of them are often nearly the same.
func (choose source) spec() *Spec {
	words := []string{"a", "b", "a/b", "0", "0/a", "1/a", "manifest", "inputs", "inputs/0/a", "a\n", "a\n0 b", "in 1", "sbomctl", "{}", "é"}
	word := func() string { return words[choose(len(words))] }
	sorted := func() []string { // a subset of words, in order
		var out []string
		for range choose(3) {
			if w := word(); len(out) == 0 || w > out[len(out)-1] {
				out = append(out, w)
			}
		}
		return out
	}
	pairs := func() []reapi.Property {
		var out []reapi.Property
		for _, n := range sorted() {
			out = append(out, reapi.Property{Name: n, Value: word()})
		}
		return out
	}
	s := &Spec{Outputs: sorted(), NoCache: choose(2) == 0}
	isCommand := choose(3) == 0
	if isCommand {
		s.Environment, s.Timeout = pairs(), time.Duration(choose(2))
		s.Platform = append(pairs(), reapi.Property{Name: "\U0010ffff", Value: word()})
		s.Command = []string{word()}
		for range choose(4) {
			s.Command = append(s.Command, word())
		}
	} else {
		s.Operation, s.Params = Version{word(), choose(3)}, []byte(word())
	}
	for _, name := range sorted() {
		in := Input{Name: name}
		for range choose(4) {
			path := word()
			if isCommand { // it has one tree: each file has a path of its own, and none is a folder, too
				path = fmt.Sprintf("%d/%s", len(s.Inputs)*10+len(in.Files), path)
			}
			in.Files = append(in.Files, File{Path: path, Digest: cache.Of([]byte(word())), Executable: choose(2) == 0, Pattern: choose(2)})
		}
		s.Inputs = append(s.Inputs, in)
	}
	return s
}

// form is all of a spec that the key speaks of: of a command the tree, and not which input a file of it comes from.
func form(t testing.TB, s *Spec) string {
	if len(s.Command) > 0 {
		whole := *s
		all := Input{}
		for _, in := range s.Inputs {
			for _, f := range in.Files {
				f.Pattern = 0
				all.Files = append(all.Files, f)
			}
		}
		whole.Inputs = []Input{all}
		s = &whole
	}
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestKeyProperty: random specs have equal keys only when they are equal.
func TestKeyProperty(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	byKey, forms := map[cache.Digest]string{}, map[string]bool{}
	for range 60_000 {
		s := source(r.IntN).spec()
		key, err := s.Key()
		if err != nil {
			t.Fatalf("%s: %v", form(t, s), err)
		}
		f := form(t, s)
		if other, taken := byKey[key]; taken && other != f {
			t.Fatalf("one key:\n%s\n%s", f, other)
		}
		byKey[key], forms[f] = f, true
	}
	if len(byKey) != len(forms) || len(forms) < 10_000 || len(forms) == 60_000 {
		t.Errorf("%d keys of %d specs: too few, or none twice", len(byKey), len(forms))
	}
}

// FuzzKey makes two specs of the input.
func FuzzKey(f *testing.F) {
	f.Add([]byte("0123456789abcdef0123456789abcdef"))
	f.Fuzz(func(t *testing.T, b []byte) {
		choose := source(func(n int) int {
			if len(b) == 0 {
				return 0
			}
			c := int(b[0])
			b = b[1:]
			return c % n
		})
		one, two := choose.spec(), choose.spec()
		k1, err1 := one.Key()
		k2, err2 := two.Key()
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		if a, b := form(t, one), form(t, two); (k1 == k2) != (a == b) {
			t.Errorf("keys equal: %v\n%s\n%s", k1 == k2, a, b)
		}
	})
}

// command is a command that runs in dir over files.
func command(dir string, files ...File) *Spec {
	return &Spec{Command: []string{"cc", "-c"}, Dir: dir, Outputs: []string{"a.o", "b.o"}, Timeout: time.Minute,
		Environment: []reapi.Property{{Name: "A", Value: "1"}, {Name: "B", Value: "2"}},
		Platform:    []reapi.Property{{Name: "Arch", Value: "amd64"}, {Name: "container-image", Value: "docker://x@sha256:0"}},
		Inputs:      []Input{{"in", files}}}
}

// TestCommandKey: the key of a command is the digest of the Action that the API has for it, and of nothing else.
func TestCommandKey(t *testing.T) {
	script := inline("src/x.sh", "1")
	script.Executable = true
	s := command("src", script, inline("y", "2"))
	root, err := reapi.BuildTree([]reapi.TreeFile{{Path: "y", Digest: cache.Of([]byte("2"))}, {Path: "src/x.sh", Digest: cache.Of([]byte("1")), Executable: true}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	c := reapi.Command{Arguments: []string{"cc", "-c"}, WorkingDirectory: "src", OutputPaths: []string{"a.o", "b.o"},
		EnvironmentVariables: []reapi.EnvironmentVariable{{Name: "A", Value: "1"}, {Name: "B", Value: "2"}}}
	a := reapi.Action{CommandDigest: cache.Of(c.Marshal()), InputRootDigest: root, Timeout: time.Minute,
		Platform: []reapi.Property{{Name: "Arch", Value: "amd64"}, {Name: "container-image", Value: "docker://x@sha256:0"}}}
	key, err := s.Key()
	if want := cache.Of(a.Marshal()); err != nil || key != want {
		t.Errorf("key %s, want %s (%v)", key, want, err)
	}
	split := *s // the same tree, of two inputs
	split.Inputs = []Input{{"a", []File{inline("y", "2")}}, {"b", []File{script}}}
	split.Aside = []byte(`{"oci_layout":"there"}`)
	if other, err := split.Key(); err != nil || other != key {
		t.Errorf("key %s, want %s (%v)", other, key, err)
	}
}
