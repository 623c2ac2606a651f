package inventory

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/action/actiontest"
	"github.com/sbomctl/sbomctl/engine/files"
	"github.com/sbomctl/sbomctl/rules/signals"
	"github.com/sbomctl/sbomctl/rules/spdx"
)

// TestUnclaimedBounded: a tree that is full of code of other people has an answer that can be read, soon.
func TestUnclaimedBounded(t *testing.T) {
	h := files.NewHasher(files.Join(spdx.Facet, signals.Facet))
	file := func(path, content string) action.File {
		h.Reset()
		_, _ = h.Write([]byte(content))
		return action.File{Path: path, Facet: h.Sum().Facet}
	}
	for name, holder := range map[string]func(int) string{
		"one":  func(int) string { return "One Labs" },
		"many": func(i int) string { return fmt.Sprintf("Labs %d", i) },
	} {
		in := []action.File{file("LICENSE", "Copyright 2001 Own Foundation\n")}
		for i := range 20_000 {
			dir := fmt.Sprintf("d/%d/", i)
			in = append(in, file(dir+fmt.Sprintf("x%dx.c", i), "Copyright 2020 "+holder(i)+"\nMIT License\n"), file(dir+"y.c", ""), file(dir+"z.c", ""))
		}
		c := &actiontest.Call{Parameters: UnclaimedParams{}, Inputs: map[string][]action.File{"files": in}}
		start := time.Now()
		if err := runUnclaimed(context.Background(), c); err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d findings in %v", name, len(c.Findings), time.Since(start))
		if n := len(c.Findings); n != maxTold+1 || !strings.HasPrefix(c.Findings[n-1].Msg, "19900 more libraries look vendored") {
			t.Fatalf("%s: %d findings: %+v", name, n, c.Findings)
		}
		for _, f := range c.Findings {
			if len(f.Msg) > 1000 || len(strings.Join(f.Hints, "")) > 4000 {
				t.Errorf("too long to read: %+v", f)
			}
		}
	}
}
