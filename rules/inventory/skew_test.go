package inventory

import (
	"slices"
	"strings"
	"testing"
)

func TestCompareVersions(t *testing.T) {
	ordered := []string{"1.0.rc1", "1.0", "1.0.1", "1.2", "1.10", "3.49.1", "8.6.15", "8.6.16", "18446744073709551616"}
	for i, a := range ordered {
		for j, b := range ordered {
			got := compareVersions(a, b)
			if (got < 0) != (i < j) || (got > 0) != (i > j) {
				t.Errorf("%s and %s: %d", a, b, got)
			}
		}
	}
	for _, same := range [][2]string{{"3.49.1", "3.49.1.0"}, {"v1.2", "1.2"}, {"8.6.15.0", "8.6.15"}, {"01.2", "1.2"}, {"", ""}} {
		if compareVersions(same[0], same[1]) != 0 {
			t.Errorf("%s and %s are two versions", same[0], same[1])
		}
	}
	if compareVersions("bb3d0dc8d9d15a5cd51094d5b69e70aa09005ff0", "cb3d0dc8d9d15a5cd51094d5b69e70aa09005ff0") == 0 {
		t.Error("two commits are one version")
	}
}

func FuzzCompareVersions(f *testing.F) {
	f.Add("1.2", "v1.2.0", "1.rc")
	f.Add("bb3d0dc8d9d15a5cd51094d5b69e70aa09005ff0", "", "1..2")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		ab, ba, bc, ac := compareVersions(a, b), compareVersions(b, a), compareVersions(b, c), compareVersions(a, c)
		if ab != -ba || compareVersions(a, a) != 0 {
			t.Errorf("%q and %q: %d and %d", a, b, ab, ba)
		}
		if ab <= 0 && bc <= 0 && ac > 0 {
			t.Errorf("%q <= %q <= %q, but not the first and the last", a, b, c)
		}
	})
}

func TestLibraries(t *testing.T) {
	cpe := func(product string) string { return "cpe:2.3:a:" + product + ":1:*:*:*:*:*:*:*" }
	tcl := cpe("tcl_tk:tcl_tk")
	for name, c := range map[string]struct {
		all  []Component
		want string
	}{
		"by name":              {[]Component{{Name: "xz", Document: "a"}, {Name: "XZ", Document: "b"}, {Name: "zlib"}}, "xz+XZ zlib"},
		"by CPE":               {[]Component{{Name: "mpdecimal", Document: "a", CPE: cpe("bytereef:mpdecimal")}, {Name: "libmpdec", Document: "b", CPE: cpe("Bytereef:mpdecimal")}}, "mpdecimal+libmpdec"},
		"a family in one CPE":  {[]Component{{Name: "tcl-core", Document: "w", CPE: tcl}, {Name: "tk", Document: "w", CPE: tcl}, {Name: "tcl", Document: "m", CPE: tcl}, {Name: "tk", Document: "m", CPE: tcl}}, "tcl-core+tcl tk+tk"},
		"two in one document":  {[]Component{{Name: "xz", Document: "a", Version: "1"}, {Name: "xz", Document: "a", Version: "2"}}, "xz+xz"},
		"Python's and another": {[]Component{{Name: "packaging", PURL: "pkg:pypi/packaging@1"}, {Name: "packaging"}}, "packaging packaging"},
		"a CPE of anything":    {[]Component{{Name: "a", CPE: cpe("*:*")}, {Name: "b", CPE: cpe("*:*")}}, "a b"},
		"no CPE":               {[]Component{{Name: "a", CPE: "x"}, {Name: "b", CPE: "x"}}, "a b"},
		"joined late":          {[]Component{{Name: "a", Document: "1", CPE: cpe("v:p")}, {Name: "b", Document: "2"}, {Name: "b", Document: "3", CPE: cpe("v:p")}}, "a+b+b"},
		"nothing":              {nil, ""},
	} {
		var got []string
		for _, lib := range libraries(c.all) {
			var names []string
			for _, c := range lib {
				names = append(names, c.Name)
			}
			got = append(got, strings.Join(names, "+"))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

// FuzzLibraries: each component is in one library, whatever it is called.
func FuzzLibraries(f *testing.F) {
	f.Add("tcl-core tk tcl tk", "cpe:2.3:a:tcl_tk:tcl_tk:1:*:*:*:*:*:*:*", "a")
	f.Fuzz(func(t *testing.T, names, cpe, document string) {
		var all []Component
		for i, n := range strings.Fields(names) {
			c := Component{Name: n, Document: document[:min(i, len(document))]}
			if i%3 != 0 {
				c.CPE = cpe
			}
			all = append(all, c)
		}
		var got []string
		for _, lib := range libraries(all) {
			for _, c := range lib {
				got = append(got, c.Name)
				if normal(c.Name) != normal(lib[0].Name) && product(c) == "" && product(lib[0]) == "" && len(lib) == 2 {
					t.Errorf("%q and %q are one library", c.Name, lib[0].Name)
				}
			}
		}
		want := strings.Fields(names)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("got %q of %q", got, want)
		}
	})
}
