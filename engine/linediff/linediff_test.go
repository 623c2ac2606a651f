package linediff

import (
	"fmt"
	"strings"
	"testing"
)

func TestUnified(t *testing.T) {
	for _, tt := range []struct{ old, now, want string }{
		{"a\n", "a\n", ""},
		{"", "", ""},
		{"", "a\n", "@@ -0,0 +1 @@\n+a\n"},
		{"a\n", "", "@@ -1 +0,0 @@\n-a\n"},
		{"a", "a\n", "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n"},
		{"a\r\nb\xff\n", "a\nb\xff\n", "@@ -1,2 +1,2 @@\n-a\r\n+a\n b\xff\n"},
		// Behind a hunk with two changes.
		{"1\n2\n3\n4\n5\n6\n7\n8\n9\na\nb\nc\nd\n", "1\nx\nx\n3\n4\ny\n6\n7\n8\n9\na\nb\nc\nz\n",
			"@@ -1,8 +1,9 @@\n 1\n-2\n+x\n+x\n 3\n 4\n-5\n+y\n 6\n 7\n 8\n@@ -10,4 +11,4 @@\n a\n b\n c\n-d\n+z\n"},
	} {
		want := tt.want
		if want != "" {
			want = "--- x\n+++ y\n" + want
		}
		if got := Unified("x", "y", []byte(tt.old), []byte(tt.now)); got != want {
			t.Errorf("%q to %q:\n%s\nexpected\n%s", tt.old, tt.now, got, want)
		}
	}
}

// TestLarge: beyond maxDiff one hunk has all that differs.
func TestLarge(t *testing.T) {
	var b strings.Builder
	for i := range 700_000 {
		fmt.Fprintf(&b, "line %d\n", i)
	}
	old := b.String()
	now := strings.Replace(strings.Replace(old, "line 1000\n", "", 1), "line 600000\n", "x\n", 1)
	got := Unified("x", "y", []byte(old), []byte(now))
	if !strings.HasPrefix(got, "--- x\n+++ y\n@@ -998,599007 +998,599006 @@\n line 997\n line 998\n line 999\n-line 1000\n-line 1001\n") || !strings.HasSuffix(got, "+x\n line 600001\n line 600002\n line 600003\n") {
		t.Errorf("%.200s ... %s", got, got[len(got)-200:])
	}
	if Unified("x", "y", []byte(old), []byte(old)) != "" {
		t.Error("equal texts differ")
	}
}
