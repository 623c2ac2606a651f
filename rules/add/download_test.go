package add_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sbomctl/sbomctl/engine"
	"github.com/sbomctl/sbomctl/rules"
	"github.com/sbomctl/sbomctl/rules/add"
	"github.com/sbomctl/sbomctl/rules/fetch"
)

func archive(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	text := "SPDX-License-Identifier: Zlib\n"
	w.WriteHeader(&tar.Header{Name: "foo-1.2.3/LICENSE", Size: int64(len(text)), Mode: 0o644})
	w.Write([]byte(text))
	w.Close()
	z.Close()
	return b.Bytes()
}

// TestDownload: the checksum is that of what came; what is not what was asked for is refused, and nothing of any download is kept.
func TestDownload(t *testing.T) {
	good := archive(t)
	sum := sha256.Sum256(good)
	hexSum := hex.EncodeToString(sum[:])
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/foo-1.2.3.tar.gz":
			w.Write(good)
		case "/page.tar.gz":
			w.Write([]byte("<html>sign in</html>"))
		case "/cut.tar.gz":
			w.Header().Set("Content-Length", "1000000")
			w.Write(good)
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	for _, c := range []struct{ name, url, sha256, message string }{
		{"learnt", "/foo-{version}.tar.gz", "", ""},
		{"known", "/foo-1.2.3.tar.gz", hexSum, ""},
		{"wrong", "/foo-1.2.3.tar.gz", strings.Repeat("ab", 32), "is " + hexSum + ", not that of --sha256, abab"},
		{"missing", "/foo-1.2.2.tar.gz", "", "does not exist (status 404)"},
		{"page", "/page.tar.gz", "", "with a page (text/html), and not the file that is declared"},
		{"cut", "/cut.tar.gz", "", "was cut off after"},
	} {
		t.Run(c.name, func(t *testing.T) {
			root, temp := t.TempDir(), t.TempDir()
			t.Setenv("TMPDIR", temp)
			for name, text := range map[string]string{
				"sbom.star":  "",
				"BUILD.star": "load(\"@sbomctl//:rules.star\", \"source_tree\")\nsource_tree(name = \"tree\", path = \".\")\n",
				"foo.h":      "#define FOO_VERSION \"1.2.3\"\n",
			} {
				if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			fetcher := &fetch.Fetcher{}
			w, err := engine.Open(context.Background(), engine.Options{Root: root, CacheDir: t.TempDir(), Rules: rules.Set(fetcher)})
			if err != nil {
				t.Fatal(err)
			}
			defer w.Close()
			r, err := add.Add(context.Background(), w, fetcher, add.Request{Name: "foo", Version: "1.2.3", Srcs: []string{"foo.h"}, URL: server.URL + c.url, SHA256: c.sha256})
			left, _ := os.ReadDir(temp)
			if len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
			if c.message != "" {
				if err == nil || !strings.Contains(err.Error(), c.message) || len(r.Changes) > 0 {
					t.Errorf("%v, expected %q; changes %v", err, c.message, r.Changes)
				}
				return
			}
			if err != nil || len(r.Changes) != 1 {
				t.Fatalf("%v, %d changes", err, len(r.Changes))
			}
			after := string(r.Changes[0].After)
			for _, want := range []string{`sha256 = "` + hexSum + `"`, `license = "Zlib"`, `/foo-{version}.tar.gz"`, `regex("foo.h", r'#define FOO_VERSION "(?P<version>[^"]+)"')`} {
				if !strings.Contains(after, want) {
					t.Errorf("there is no %s in\n%s", want, after)
				}
			}
		})
	}
}
