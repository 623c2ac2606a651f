package wheel

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/engine/action"
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

// fakeCall is a Call over files in memory.
type fakeCall struct {
	params Params
	inputs map[string][]action.File
	bytes  map[string][]byte
	out    bytes.Buffer
	sealed bool
	warned []string
}

func newCall(vendorTXT string) *fakeCall {
	return &fakeCall{
		params: Params{Label: "//:pip", PackageName: "pip", VendorTXT: vendorTXT},
		inputs: map[string][]action.File{}, bytes: map[string][]byte{},
	}
}

func (c *fakeCall) add(input, path string, content []byte) *fakeCall {
	c.inputs[input] = append(c.inputs[input], action.File{Path: path, Digest: cache.Of(content)})
	c.bytes[path] = content
	return c
}

func (c *fakeCall) Params(v any) error {
	b, err := json.Marshal(c.params)
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	return d.Decode(v)
}
func (c *fakeCall) Files(input string) []action.File { return c.inputs[input] }
func (c *fakeCall) Read(f action.File, max int64) ([]byte, error) {
	if f.Digest.Size > max {
		return nil, fmt.Errorf("%s is too large", f.Path)
	}
	return c.bytes[f.Path], nil
}
func (c *fakeCall) Open(action.File) (io.ReadCloser, error) { return nil, errors.New("not used") }

type memory struct{ *bytes.Reader }

func (memory) Close() error { return nil }

func (c *fakeCall) OpenAt(f action.File) (action.ReaderAtCloser, error) {
	return memory{bytes.NewReader(c.bytes[f.Path])}, nil
}
func (c *fakeCall) Create(output string) (io.WriteCloser, error) {
	if output != "packages" {
		return nil, fmt.Errorf("output %q is not declared", output)
	}
	return c, nil
}
func (c *fakeCall) Write(b []byte) (int, error) { return c.out.Write(b) }
func (c *fakeCall) Close() error                { c.sealed = true; return nil }
func (c *fakeCall) Warn(format string, args ...any) {
	c.warned = append(c.warned, fmt.Sprintf(format, args...))
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
