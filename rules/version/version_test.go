package version

import (
	"strings"
	"testing"
)

func TestMove(t *testing.T) {
	for _, c := range []struct{ text, from, to, want, forms string }{
		{"https://x/expat-2.6.3.tar.gz", "2.6.3", "2.7.1", "https://x/expat-2.7.1.tar.gz", "as declared"},
		{"https://x/R_2_6_3/expat-{version}.tar.gz", "2.6.3", "2.7.1", "https://x/R_2_7_1/expat-{version}.tar.gz", "underscores"},
		{"https://x/R_2_6_3/expat-2.6.3.tar.gz", "2.6.3", "2.7.1", "https://x/R_2_7_1/expat-2.7.1.tar.gz", "underscores,as declared"},
		{"https://x/release-74-1/icu4c-74_1-src.tgz", "74.1", "74.2", "https://x/release-74-2/icu4c-74_2-src.tgz", "dashes,underscores"},
		{"https://sqlite.org/2025/sqlite-autoconf-3490100.tar.gz", "3.49.1", "3.50.0", "https://sqlite.org/2025/sqlite-autoconf-3500000.tar.gz", "sqlite"},
		{"https://sqlite.org/2025/sqlite-autoconf-3490100.tar.gz", "3.49.1.0", "3.50.12.3", "https://sqlite.org/2025/sqlite-autoconf-3501203.tar.gz", "sqlite"},
		{"https://x/tags/sqlite-3.49.1.0.tar.gz", "3.49.1", "3.50.0", "https://x/tags/sqlite-3.50.0.0.tar.gz", "four parts"},
		{"https://x/tags/sqlite-3.49.1.0.tar.gz", "3.49.1.0", "3.50.0.0", "https://x/tags/sqlite-3.50.0.0.tar.gz", "as declared"},
		{"https://x/tcl8.6.15-src.tar.gz", "8.6.15.0", "8.6.16.0", "https://x/tcl8.6.16-src.tar.gz", "without .0"},
		{"https://x/glib/2.80/glib-2.80.1.tar.xz", "2.80.1", "2.82.0", "https://x/glib/2.82/glib-2.82.0.tar.xz", "series,as declared"},
		{"https://x/v2.80/glib-{version}.tar.xz", "2.80.1", "2.82.0", "https://x/v2.82/glib-{version}.tar.xz", "series"},
		{"https://x/131/zlib131.zip", "1.3.1", "1.3.2", "https://x/131/zlib132.zip", "digits"},
		{"https://x/131/zlib131-{version}.zip", "1.3.1", "1.3.2", "https://x/131/zlib131-{version}.zip", ""},
		{"https://x/v1.0.2k/openssl-1_0_2k.tgz", "1.0.2k", "1.0.2l", "https://x/v1.0.2l/openssl-1_0_2l.tgz", "as declared,underscores"},
		{"pkg:generic/x@1%2B2", "1+2", "1+3", "pkg:generic/x@1%2B3", "percent-encoded"},
		{"bzip2-1.0.8.7z", "1.0.8", "1.0.9", "bzip2-1.0.9.7z", "as declared"},
		{"https://x/2.6.3rc1/12.6.3/2.6.30/2.6.3.1/1.2.6.3/3_2_6_3/2-6-3-1", "2.6.3", "2.7.1", "https://x/2.6.3rc1/12.6.3/2.6.30/2.6.3.1/1.2.6.3/3_2_6_3/2-6-3-1", ""},
		{"https://x/archive/bb3d0dc8.zip", "bb3d0dc8", "cc3d0dc8", "https://x/archive/cc3d0dc8.zip", "as declared"},
		{"https://x/archive/abb3d0dc8.zip", "bb3d0dc", "cc3d0dc8", "https://x/archive/abb3d0dc8.zip", ""},
		{"", "1", "2", "", ""},
		{"https://x/bzip2-2.tgz", "2", "3", "https://x/bzip2-3.tgz", "as declared"},
		{"https://x/v2/bzip2.tgz", "2", "3", "https://x/v3/bzip2.tgz", "as declared"},
	} {
		got, found, err := Move(c.text, c.from, c.to)
		if got != c.want || strings.Join(found, ",") != c.forms || err != nil {
			t.Errorf("%s from %s to %s: got %s by %q, %v; want %s by %q", c.text, c.from, c.to, got, found, err, c.want, c.forms)
		}
	}
}

// TestNoForm: a version that cannot be written as the old one is says so.
func TestNoForm(t *testing.T) {
	got, _, err := Move("https://x/sqlite-3490100.tar.gz", "3.49.1", "3.100.1")
	if err == nil || got != "https://x/sqlite-3490100.tar.gz" || err.Error() != `"3490100" is 3.49.1 written as sqlite, and 3.100.1 cannot be written so` {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestLike(t *testing.T) {
	for _, c := range [][3]string{
		{"3.50.0", "3.49.1.0", "3.50.0.0"}, {"3.50.0.0", "3.49.1", "3.50.0"}, {"3.50.0", "3.49.1", "3.50.0"},
		{"3.50", "3.49.1.0", "3.50"}, {"3.50.0.1", "3.49.1", "3.50.0.1"}, {"a", "3.49.1.0", "a"}, {"3.50.0", "3.49.1.2", "3.50.0"},
	} {
		if got := Like(c[0], c[1]); got != c[2] {
			t.Errorf("%s like %s: got %s, want %s", c[0], c[1], got, c[2])
		}
	}
}

func TestOlder(t *testing.T) {
	for _, c := range []struct {
		v, other string
		want     bool
	}{{"2.6.3", "2.7.1", true}, {"2.10", "2.9", false}, {"2.9", "2.10", true}, {"2.7", "2.7.0", true}, {"1.0a", "1.0b", false}, {"2.7.1", "2.7.1", false}} {
		if got := Older(c.v, c.other); got != c.want {
			t.Errorf("%s before %s: %v", c.v, c.other, got)
		}
	}
}

// FuzzMove: moving there and back gives the text again, where both versions are written in the same forms and the new one was nowhere.
func FuzzMove(f *testing.F) {
	f.Add("https://x/R_2_6_3/expat-2.6.3.tar.gz", "2.6.3", "2.7.1")
	f.Add("https://x/3490100", "3.49.1", "3.50.0")
	f.Fuzz(func(t *testing.T, text, from, to string) {
		if from == "" || to == "" {
			return
		}
		moved, found, err := Move(text, from, to)
		if (err != nil || len(found) == 0) && moved != text {
			t.Errorf("%q became %q without a form (%v)", text, moved, err)
		}
	})
}
