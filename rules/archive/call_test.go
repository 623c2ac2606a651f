package archive

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"testing"

	"github.com/sbomctl/sbomctl/engine/action/actiontest"
	"github.com/sbomctl/sbomctl/engine/files"
	"github.com/sbomctl/sbomctl/engine/tree"
)

// runOn runs archive.index over an archive called name.
func runOn(name string, archive []byte, params IndexParams) (*tree.Index, []byte, error) {
	c := actiontest.New(params).Add("archive", name, archive)
	if err := runIndex(context.Background(), c); err != nil {
		return nil, nil, err
	}
	if c.Outputs["data"] == nil || c.Outputs["index"] == nil {
		return nil, nil, fmt.Errorf("not all outputs were sealed")
	}
	x, err := tree.Decode(c.Outputs["index"])
	return x, c.Outputs["data"], err
}

// checkMembers reads every member back by its offset.
func checkMembers(t testing.TB, x *tree.Index, data []byte) {
	t.Helper()
	if x.DataSize() != int64(len(data)) {
		t.Errorf("data has %d bytes, the index says %d", len(data), x.DataSize())
	}
	h := files.NewHasher()
	for e := range x.All() {
		h.Reset()
		if _, err := io.Copy(h, e.Section(bytes.NewReader(data))); err != nil {
			t.Fatal(err)
		}
		s := h.Sum()
		if s.Digest != e.Digest || s.SHA1 != e.SHA1 || (s.Text == nil) != (e.Text == nil) || s.Text != nil && *s.Text != *e.Text {
			t.Errorf("%s: the bytes at its offset have other checksums", e.Path)
		}
	}
}
