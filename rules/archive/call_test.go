package archive

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"testing"

	"github.com/sbomctl/sbomctl/engine/action/actiontest"
	"github.com/sbomctl/sbomctl/engine/files"
	"github.com/sbomctl/sbomctl/engine/finding"
	"github.com/sbomctl/sbomctl/engine/tree"
	"github.com/sbomctl/sbomctl/rules/spdx"
)

// runOn runs archive.index over an archive called name.
func runOn(name string, archive []byte, params IndexParams) (*tree.Index, []byte, error) {
	x, data, _, err := runFound(name, archive, params)
	return x, data, err
}

// runFound is runOn, with what was found.
func runFound(name string, archive []byte, params IndexParams) (*tree.Index, []byte, []finding.Finding, error) {
	c := actiontest.New(params).Add("archive", name, archive)
	if err := runIndex(context.Background(), c); err != nil {
		return nil, nil, nil, err
	}
	if c.Outputs["data"] == nil || c.Outputs["index"] == nil {
		return nil, nil, nil, fmt.Errorf("not all outputs were sealed")
	}
	x, err := tree.Decode(c.Outputs["index"])
	return x, c.Outputs["data"], c.Findings, err
}

// runIndex runs archive.index with the facet that this project's documents need.
func runIndex(ctx context.Context, c *actiontest.Call) error {
	p := c.Parameters.(IndexParams)
	p.Facet = files.Join(spdx.Facet).ID()
	c.Parameters = p
	return indexer{files.Join(spdx.Facet)}.run(ctx, c)
}

// checkMembers reads every member back by its offset.
func checkMembers(t testing.TB, x *tree.Index, data []byte) {
	t.Helper()
	if x.DataSize() != int64(len(data)) {
		t.Errorf("data has %d bytes, the index says %d", len(data), x.DataSize())
	}
	h := files.NewHasher(files.Join(spdx.Facet))
	for e := range x.All() {
		if e.Kind != files.Regular {
			continue
		}
		h.Reset()
		if _, err := io.Copy(h, e.Section(bytes.NewReader(data))); err != nil {
			t.Fatal(err)
		}
		s := h.Sum()
		if s.Digest != e.Digest || s.Facet != e.Facet {
			t.Errorf("%s: the bytes at its offset have other checksums", e.Path)
		}
	}
}

func readAll(r io.Reader) ([]byte, error) { return io.ReadAll(io.LimitReader(r, 2<<20)) }
