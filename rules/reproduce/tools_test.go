package reproduce

import (
	"fmt"
	"strings"
	"testing"
)

// TestMacros: an aclocal.m4 says of each line what file of macros it comes from; all of those that differ are named, once each.
func TestMacros(t *testing.T) {
	want := `# generated automatically by aclocal 1.16.5 -*- Autoconf -*-

# ===
#  https://www.gnu.org/software/autoconf-archive/ax_check_define.html
# ===
#serial 11
one
two

# pkg.m4 - Macros to locate and utilise pkg-config.   -*- Autoconf -*-
# serial 12 (pkg-config-0.29.2)
three
four
`
	got := strings.NewReplacer("#serial 11", "#serial 12", "two", "2", "utilise", "use", "four", "4").Replace(want)
	d := differ("a", "b", []byte(want), []byte(got))
	if said := fmt.Sprint(d.changed()); said != "[6 6 8 8 10 10 13 13]" {
		t.Errorf("%s in\n%s", said, d.text)
	}
	image := parsePackages([]byte("Package: pkgconf\nVersion: 1.8.1\n\nPackage: autoconf-archive\nVersion: 2022\n\nPackage: automake\nVersion: 1.16\n"))
	hints := strings.Join(explain("aclocal.m4", []byte(want), []byte(got), d, image), "\n")
	if hints != "both were written by aclocal 1.16.5, so it is not its version\nline 6 comes from ax_check_define.m4\nline 10 comes from pkg.m4\nthe image has automake 1.16, autoconf-archive 2022, pkgconf 1.8.1" {
		t.Error(hints)
	}
}
