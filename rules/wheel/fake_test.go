package wheel

import (
	"archive/zip"
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/sbomctl/sbomctl/engine/action/actiontest"
)

const (
	wheelPath  = "Lib/ensurepip/_bundled/pip-25.1.1-py3-none-any.whl"
	vendorPath = "pip/_vendor/vendor.txt"
	infoPath   = "pip-25.1.1.dist-info/METADATA"

	smallMetadata = "Metadata-Version: 2.4\nName: pip\nVersion: 25.1.1\nSummary: Version: 2\n\nName: not a field\n"
	smallVendor   = "CacheControl==0.14.2\nrequests==2.32.3\n    typing_extensions==4.13.2\n"
)

// zipOf makes a zip archive of names and contents in turn.
func zipOf(t testing.TB, nameContent ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(nameContent); i += 2 {
		w, err := z.CreateHeader(&zip.FileHeader{Name: nameContent[i], Method: zip.Deflate})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, nameContent[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func smallWheel(t testing.TB) []byte {
	return zipOf(t, "pip/__init__.py", "", vendorPath, smallVendor, infoPath, smallMetadata)
}

// call is a call of "wheel.packages".
type call struct {
	*actiontest.Call
	params Params
}

func newCall(vendorTXT string) *call {
	c := &call{params: Params{Label: "//:pip", PackageName: "pip", VendorTXT: vendorTXT}}
	c.Call = actiontest.New(&c.params)
	return c
}

func (c *call) add(input, path string, content []byte) *call {
	c.Add(input, path, content)
	return c
}

// wants fails unless err says each part; no part at all means that there is no error.
func wants(t *testing.T, err error, parts ...string) {
	t.Helper()
	if len(parts) == 0 || parts[0] == "" {
		if err != nil {
			t.Errorf("unexpected error: %v", err)
		}
		return
	}
	for _, p := range parts {
		if err == nil || !strings.Contains(err.Error(), p) {
			t.Errorf("got error:\n%v\nexpected:\n%s", err, p)
		}
	}
}
