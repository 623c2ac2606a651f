package pin

import (
	"fmt"
	"strings"
	"testing"
)

func TestNamedIn(t *testing.T) {
	digest := "sha256:" + strings.Repeat("0a", 32)
	src := "# docker.io/library/x:1\nIMAGE=\"ghcr.io/python/autoconf:2024.10\"\npodman run --rm quay.io/tiran/cpython_autoconf:269@" + digest + " localhost.example:5000/a@" + digest +
		"\nrun \"$IMAGE\" ./configure.ac:3 https://example.org/x:1\npodman run \"$IMAGE\"\npodman run $NO\ndocker pull alpine\n"
	var got []string
	for _, n := range NamedIn("x.sh", []byte(src)) {
		got = append(got, fmt.Sprintf("%d:%d %s = %s %t", n.Pos.Line, n.Pos.Col, n.Reference, n.Declared(), n.InRole("autoconf")))
	}
	want := []string{
		"2:8 ghcr.io/python/autoconf:2024.10 = ghcr.io/python/autoconf:2024.10 true",
		"3:17 quay.io/tiran/cpython_autoconf:269@" + digest + " = quay.io/tiran/cpython_autoconf:269@" + digest + " true",
		"3:124 localhost.example:5000/a@" + digest + " = localhost.example:5000/a@" + digest + " false",
		"7:13 alpine = docker.io/library/alpine:latest false",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("found\n%s\nexpected\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestSpacesAroundDigest: a message that shows the digest without them would say of a good one that it is none.
func TestSpacesAroundDigest(t *testing.T) {
	for _, s := range []string{" " + d1, d1 + "\n"} {
		if err := CheckDigest(s); err == nil || !strings.Contains(err.Error(), "has spaces around it") {
			t.Errorf("%q: %v", s, err)
		}
	}
}
