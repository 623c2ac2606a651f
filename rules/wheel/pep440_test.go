package wheel

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
)

// spellings are versions and their canonical form, "" for what is none.
var spellings = []struct{ in, want string }{
	{"1.0", "1.0"}, {"1", "1"}, {"1.0.0", "1.0.0"}, {"01.002", "1.2"},
	{"2021.10.08", "2021.10.8"}, {"2021.10.8", "2021.10.8"}, {"0", "0"}, {"000", "0"},
	{"v1.0", "1.0"}, {"V1.0", "1.0"}, {" 1.0\n", "1.0"},
	{"1!2.0", "1!2.0"}, {"0!2.0", "2.0"}, {"01!2", "1!2"},
	{"1.0a", "1.0a0"}, {"1.0.alpha-01", "1.0a1"}, {"1.0-BETA_2", "1.0b2"}, {"1.0b2", "1.0b2"},
	{"1.0c1", "1.0rc1"}, {"1.0rc1", "1.0rc1"}, {"1.0.RC.1", "1.0rc1"}, {"1.0pre3", "1.0rc3"}, {"1.0-preview", "1.0rc0"},
	{"1.0-1", "1.0.post1"}, {"1.0.post1", "1.0.post1"}, {"1.0post", "1.0.post0"}, {"1.0-r4", "1.0.post4"}, {"1.0rev05", "1.0.post5"},
	{"1.0dev", "1.0.dev0"}, {"1.0.dev3", "1.0.dev3"}, {"1.0_DEV-3", "1.0.dev3"},
	{"1.0a1.post2.dev3", "1.0a1.post2.dev3"}, {"1.0a1-2-dev3", "1.0a1.post2.dev3"},
	{"1.0+Ubuntu-1", "1.0+ubuntu.1"}, {"1.0+abc_001.01a", "1.0+abc.1.01a"}, {"1.0+00", "1.0+0"},
	{"99999999999999999999999999.1", "99999999999999999999999999.1"},
	{"", ""}, {"v", ""}, {"1.", ""}, {".1", ""}, {"1..0", ""}, {"1.0_1", ""}, {"1.0+", ""}, {"1.0+a..b", ""}, {"1.0-", ""}, {"1.0rc1rc2", ""},
	{"1!", ""}, {"-1!1", ""}, {"1.0.foo", ""}, {"2004d.", ""}, {"latest", ""}, {"1.0dev1post1", ""}, {"1.0a1b", ""}, {"1 .0", ""}, {"1.*", ""},
}

func TestCanonical(t *testing.T) {
	for _, tt := range spellings {
		if got := Canonical(tt.in); got != tt.want {
			t.Errorf("%q is %q, expected %q", tt.in, got, tt.want)
		}
	}
}

func TestSameVersion(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want bool
	}{
		{"2021.10.08", "2021.10.8", true}, {"1.0", "1.0.0", true}, {"1", "1.0.0.0", true}, {"0", "0.0", true}, {"1.0RC1", "1.0.c.1", true},
		{"1.0-1", "1.0.post1", true}, {"0!1.0", "v1", true}, {"1.0+u-1", "1.0+U.1", true},
		{"1.0", "1.1", false}, {"1.0", "1!1.0", false}, {"1.0", "1.0rc0", false}, {"1.0", "1.0.post0", false}, {"1.0", "1.0.dev0", false},
		{"1.0", "1.0+x", false}, {"1.0+1", "1.0+1.0", false}, {"10", "1", false}, {"1.0.1", "1.01", false}, {"1.0a1", "1.0b1", false},
		{"2004d", "2004D", true}, {"2004d", "2004e", false}, {"2004d", "2004", false}, {"", "", true},
	} {
		if got := SameVersion(tt.a, tt.b); got != tt.want {
			t.Errorf("%q and %q: %v, expected %v", tt.a, tt.b, got, tt.want)
		}
		if got := SameVersion(tt.b, tt.a); got != tt.want {
			t.Errorf("%q and %q: %v, expected %v", tt.b, tt.a, got, tt.want)
		}
	}
	for _, tt := range []struct {
		file, version string
		want          bool
	}{
		{"1.0_1", "1.0-1", true}, {"1.0_1", "1.0.post1", true}, {"1.0+ubuntu_1", "1.0+ubuntu.1", true}, {"1.0.0", "1.0", true}, {"1.0_1", "1.0", false},
		{"2004d_x", "2004d-x", true},
	} {
		if got := sameInFilename(tt.file, tt.version); got != tt.want {
			t.Errorf("%q in a file name and %q: %v, expected %v", tt.file, tt.version, got, tt.want)
		}
	}
}

// judge answers a line of JSON a question: the canonical form of a version ("" is none), and whether two are equal, by Python's own packaging.
const judge = `
import json, sys
try:
    from packaging.version import Version, InvalidVersion
except ImportError:
    from pip._vendor.packaging.version import Version, InvalidVersion
def version(s):
    try: return Version(s)
    except InvalidVersion: return None
for line in sys.stdin:
    a, b = json.loads(line)
    x, y = version(a), version(b)
    print(json.dumps([str(x) if x else "", x is not None and y is not None and x == y]))
`

// TestByPackaging holds each spelling, and all pairs of them, against the packaging of this machine's Python.
func TestByPackaging(t *testing.T) {
	probe := exec.Command("python3", "-c", judge)
	if out, err := probe.CombinedOutput(); err != nil {
		t.Skipf("python3 has neither packaging nor pip: %v %s", err, out)
	}
	type answer struct {
		canonical string
		same      bool
	}
	var questions bytes.Buffer
	var pairs [][2]string
	for _, a := range spellings {
		for _, b := range spellings {
			pairs = append(pairs, [2]string{a.in, b.in})
			line, err := json.Marshal(pairs[len(pairs)-1])
			if err != nil {
				t.Fatal(err)
			}
			questions.Write(append(line, '\n'))
		}
	}
	cmd := exec.Command("python3", "-c", judge)
	cmd.Stdin = &questions
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	answers := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(answers) != len(pairs) {
		t.Fatalf("%d answers to %d questions", len(answers), len(pairs))
	}
	for i, pair := range pairs {
		var said [2]any
		if err := json.Unmarshal([]byte(answers[i]), &said); err != nil {
			t.Fatal(err)
		}
		want := answer{said[0].(string), said[1].(bool)}
		if got := Canonical(pair[0]); got != want.canonical {
			t.Errorf("%q is %q, packaging says %q", pair[0], got, want.canonical)
		}
		if Canonical(pair[0]) != "" && Canonical(pair[1]) != "" && SameVersion(pair[0], pair[1]) != want.same {
			t.Errorf("%q and %q: packaging says %v", pair[0], pair[1], want.same)
		}
	}
}

func FuzzCanonical(f *testing.F) {
	for _, tt := range spellings {
		f.Add(tt.in)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c := Canonical(s)
		if c == "" {
			return
		}
		if again := Canonical(c); again != c {
			t.Errorf("%q is %q, which is %q", s, c, again)
		}
		if !SameVersion(s, c) {
			t.Errorf("%q is not the same as its canonical form %q", s, c)
		}
		if SameVersion(s, c+"1") && !strings.Contains(c, "+") {
			t.Errorf("%q is the same as %q", s, c+"1")
		}
	})
}
