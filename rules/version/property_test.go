package version

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// schemes are how projects put a version into a URL.
var schemes = []string{
	"https://h/%s-{version}.tar.gz",
	"https://h/R_{version:_}/%s-{version}.tar.gz",
	"https://h/release-{version:-}/%s-{version:_}.tgz",
	"https://h/refs/tags/v{version}.tar.gz",
	"https://h/2025/%s-autoconf-{version:sqlite}.tar.gz",
	"https://h/tags/%s-{version:four}.tar.gz",
	"https://h/%s/{version:series}/%s-{version}.tar.xz",
	"https://h/%s/v{version:series}/{version}/%s.tar.xz",
	"https://h/zlib/zlib{version:digits}.zip",
	"pkg:generic/%s@{version}",
	"cpe:2.3:a:v:%s:{version}:*:*:*:*:*:*:*",
}

// TestRoundTrip: what is derived from a version is found in the text and is nobody else's, moves as deriving it from the other version makes it, and
// folds into placeholders that derive both.
func TestRoundTrip(t *testing.T) {
	const seed = 13
	r := rand.New(rand.NewPCG(seed, 8))
	some := func() string {
		// Numbers that look different in each form: none is ambiguous without its dots.
		v := fmt.Sprintf("%d.%d.%d", 1+r.IntN(9), r.IntN(100), r.IntN(100))
		return v
	}
	fill := func(scheme, v string) string {
		s, err := Fill(scheme, map[string]string{"version": v}, nil)
		if err != nil {
			t.Fatalf("%s of %s: %v", scheme, v, err)
		}
		return s
	}
	for range 1000 {
		from, to := some(), some()
		scheme := strings.ReplaceAll(schemes[r.IntN(len(schemes))], "%s", []string{"lib", "expat", "x-y", "sqlite"}[r.IntN(4)])
		text, want := fill(scheme, from), fill(scheme, to)
		if found := Find(text, from); len(found) == 0 {
			t.Errorf("%s is not found in %s", from, text)
		}
		if strings.HasPrefix(text, "https:") {
			if others := Others(text, from); len(others) > 0 {
				t.Errorf("%s of %s has others: %q", text, from, others)
			}
			// The archive of another version is another's, whichever way that is written; without dots nobody can tell.
			if others := Others(text, to); from != to && len(others) == 0 && !strings.Contains(scheme, "digits") && !strings.Contains(scheme, "sqlite") {
				t.Errorf("%s is not found to be of another version than %s", text, to)
			}
		}
		if moved, _, err := Move(text, from, to); moved != want || err != nil {
			t.Errorf("%s from %s to %s: got %s, %v; want %s", text, from, to, moved, err, want)
		}
		folded := Fold(text, from)
		if got := fill(folded, from); got != text {
			t.Errorf("%s of %s folds to %s, which is %s", text, from, folded, got)
		}
		if got := fill(folded, to); got != want {
			t.Errorf("%s of %s folds to %s, which is %s for %s; want %s", text, from, folded, got, to, want)
		}
	}
}

// FuzzFold: whatever the text, what is folded fills to the text again.
func FuzzFold(f *testing.F) {
	for _, s := range schemes {
		f.Add(s, "2.7.1")
	}
	f.Add("https://x/R_2_7_1/expat-2.7.1.tgz", "2.7.1")
	f.Add("a 1+2 1%2B2", "1+2")
	f.Fuzz(func(t *testing.T, text, version string) {
		if len(text) > 4096 || len(version) > 255 { // as everything that is declared
			return
		}
		if folded := Fold(text, version); !strings.ContainsAny(text, "{}") {
			if got, err := Fill(folded, map[string]string{"version": version}, nil); got != text || err != nil {
				t.Errorf("%q of %q folds to %q, which is %q (%v)", text, version, folded, got, err)
			}
		}
		Others(text, version)
		Fill(text, map[string]string{"version": version}, nil)
	})
}
