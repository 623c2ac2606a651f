package version

import (
	"strings"
	"testing"
)

func TestOthers(t *testing.T) {
	for _, c := range []struct{ text, version, want string }{
		{"https://github.com/libexpat/libexpat/releases/download/R_2_6_3/expat-2.7.1.tar.gz", "2.7.1", "2_6_3"},
		{"https://github.com/libexpat/libexpat/releases/download/R_2_7_1/expat-2.7.1.tar.gz", "2.7.1", ""},
		{"https://github.com/libexpat/libexpat/releases/download/R_2_6_3/expat-2.6.3.tar.gz", "2.7.1", "2_6_3,2.6.3"},
		{"https://x/expat-2.7.1rc1.tar.gz", "2.7.1", "2.7.1rc1"},
		{"https://www.python.org/ftp/python/3.14.0/Python-3.14.0rc1.tgz", "3.14.0rc1", ""},
		{"https://www.python.org/ftp/python/3.13.5/Python-3.14.0rc1.tgz", "3.14.0rc1", "3.13.5"},
		{"https://sqlite.org/2025/sqlite-autoconf-3490100.tar.gz", "3.49.1", ""},
		{"https://sqlite.org/2025/sqlite-autoconf-3480000.tar.gz", "3.49.1", "3480000"},
		{"https://ftp.gnu.org/gnu/ncurses/ncurses-6.4.tar.gz", "6.5", "6.4"},
		{"https://x/glib/2.80/glib-2.82.1.tar.xz", "2.82.1", "2.80"},
		{"https://x/api/1.0/glib-2.82.1.tar.xz", "2.82.1", ""},
		{"https://1.2.3.4/x-2.0.0.tgz", "2.0.0", ""},
		{"https://x/2024-10-16/x-2.0.0.tgz", "2.0.0", ""},
		{"https://x/certifi-2024.8.30.tgz", "2025.1.31", "2024.8.30"},
		{"https://files.pythonhosted.org/packages/ec/57/f0a712efc3ed982cf4038a3cee172057303b9be914c32c93b2fbec27f785/macholib-1.0.tar.gz", "1.0", ""},
		{"https://x/archive/bb3d0dc8d9d15a5cd51094d5b69e70aa09005ff0.zip", "cc3d0dc8d9d15a5cd51094d5b69e70aa09005ff0", "bb3d0dc8d9d15a5cd51094d5b69e70aa09005ff0"},
		{"https://x/archive/bb3d0dc8d9d15a5cd51094d5b69e70aa09005ff0.zip", "bb3d0dc8d9d15a5cd51094d5b69e70aa09005ff0", ""},
		{"https://x/archive/bb3d0dc8d9d15a5cd51094d5b69e70aa09005ff0.zip", "2.7.1", ""},
		{"https://x/tcl8.6.15-src.tar.gz", "8.6.16", "8.6.15"},
		{"https://x/tags/sqlite-3.49.1.0.tar.gz", "3.49.1", ""},
		{"https://x/tags/bzip2-1.0.8-3.tar.gz", "1.0.8", ""},
		{"https://x/x86_64/x-1.2.3.tgz", "1.2.3", ""},
		{"https://x/latest.tgz", "1.2.3", ""},
		{"https://x/a1b2.3.4c/x-1.2.3.tgz", "1.2.3", ""},
		{"https://x/x-01.02.tgz", "1.2", ""},
		{"https://x/python-3.14.0rc1t.exe", "3.14.0rc1", ""},
		{"https://x/zlib-1.3.tar.gz", "1.3.1", "1.3"},
		{"https://x/x-1.2.0.tar.gz", "1.2", ""},
		{"https://x/Python-3.14.0.tgz", "3.14.0rc1", "3.14.0"},
		{"https://x/pythonarm64.3.13.5.nupkg", "3.13.5", ""},
		{"https://x/pythonarm64.3.13.4.nupkg", "3.13.5", "64.3.13.4"},
	} {
		if got := strings.Join(Others(c.text, c.version), ","); got != c.want {
			t.Errorf("%s of %s: got %q, want %q", c.text, c.version, got, c.want)
		}
	}
}

func TestFill(t *testing.T) {
	values := map[string]string{"version": "3.49.1", "artifact": "x.tgz", "arch": ""}
	for _, c := range []struct{ text, want, err string }{
		{"https://x/{artifact}", "https://x/x.tgz", ""},
		{"R_{version:_}/{version:-}/{version:four}/{version:sqlite}/{version:series}/{version:digits}/{version}{arch}", "R_3_49_1/3-49-1/3.49.1.0/3490100/3.49/3491/3.49.1", ""},
		{"x-{versoin}.tgz", "", "{versoin} is not a placeholder; did you mean {version}?\n  hint: there are {arch}, {artifact} and {version}"},
		{"x-{versoin:_}.tgz", "", "{versoin:_} is not a placeholder; did you mean {version:_}?"},
		{"x-{version:siries}", "", `{version:siries} has no form "siries"; there are _, -, four, three, sqlite, series, digits; did you mean "series"?`},
		{"x-{version:three}", "", `{version:three}: "3.49.1" has no such form (without .0)`},
		{"x-{version", "", `"x-{version" has a "{" that belongs to no placeholder`},
		{"x-}version", "", `"x-}version" has a "}" that belongs to no placeholder`},
		{"x-{{version}}", "", `"x-{{version}}" has a "{" that belongs to no placeholder`},
		{"{}", "", "{} is not a placeholder"},
		{"{a\nb}", "", `"{a\nb}" is not a placeholder`},
	} {
		got, err := Fill(c.text, values, nil)
		if got != c.want || (err == nil) != (c.err == "") || err != nil && !strings.HasPrefix(err.Error(), c.err) {
			t.Errorf("%q: got %q, %v; want %q, %q", c.text, got, err, c.want, c.err)
		}
	}
	if got, err := Fill("{version}", values, strings.ToUpper); got != "3.49.1" || err != nil {
		t.Errorf("quoted: %q, %v", got, err)
	}
}

func TestOf(t *testing.T) {
	for name, want := range map[string]string{
		"Python-3.13.5.tgz": "3.13.5", "python-3.14.0b1t-amd64.zip": "3.14.0b1", "pythonarm64.3.13.5.nupkg": "", "python.3.13.5.nupkg": "3.13.5",
		"python-3.13.5-macos11.pkg": "3.13.5", "v1.2.tgz": "1.2", "x86_64.tgz": "", "bzip2-1.0.8-3-aarch64.tar.gz": "1.0.8", "": "",
	} {
		if got := Of(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
