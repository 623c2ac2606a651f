package ident

import (
	"slices"
	"strings"
	"testing"
)

func TestNotAllowed(t *testing.T) {
	allowed := []string{"MIT", "Apache-2.0", "GPL-2.0-only WITH Classpath-exception-2.0", "LicenseRef-own"}
	for expr, want := range map[string]string{
		"MIT":                                       "",
		"MIT AND Apache-2.0":                        "",
		"MIT AND Zlib AND BSD-3-Clause AND Zlib":    "Zlib BSD-3-Clause",
		"MIT OR Zlib":                               "",
		"Zlib OR MIT":                               "",
		"Zlib OR MIT AND BSD-3-Clause":              "Zlib", // AND binds closer
		"(Zlib OR MIT) AND Apache-2.0":              "",
		"(Zlib OR MIT) AND (ISC OR BSD-2-Clause)":   "ISC",
		"Apache-2.0+":                               "",
		"GPL-2.0-only":                              "GPL-2.0-only",
		"GPL-2.0-only WITH Classpath-exception-2.0": "",
		"MIT WITH Classpath-exception-2.0":          "MIT WITH Classpath-exception-2.0",
		"LicenseRef-own":                            "",
		"NOASSERTION":                               "NOASSERTION",
		"((MIT))":                                   "",
	} {
		if got := NotAllowed(expr, allowed); strings.Join(got, " ") != want {
			t.Errorf("%s: got %q, want %q", expr, got, want)
		}
	}
	if got := NotAllowed("NOASSERTION", []string{"NOASSERTION"}); got != nil {
		t.Error(got)
	}
}

// FuzzNotAllowed: whatever License accepts is allowed where each of its licences is, and names only its own where not.
func FuzzNotAllowed(f *testing.F) {
	for _, s := range []string{"MIT", "(MIT OR Zlib) AND ISC", "GPL-2.0-only WITH Classpath-exception-2.0", "NONE", "MIT AND MIT OR Zlib"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if License(s) != nil {
			return
		}
		missing := NotAllowed(s, nil)
		if len(missing) == 0 {
			t.Fatalf("%q is allowed by no list", s)
		}
		for n := 0; len(missing) > 0; n++ {
			if n > 100 {
				t.Fatalf("%q is never allowed", s)
			}
			allowed := append([]string{}, missing...)
			more := NotAllowed(s, allowed)
			if slices.ContainsFunc(more, func(id string) bool { return slices.Contains(allowed, id) }) {
				t.Fatalf("%q: %q is allowed and missing", s, more)
			}
			missing = more
		}
	})
}
