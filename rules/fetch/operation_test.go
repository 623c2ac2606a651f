package fetch

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/action/actiontest"
)

func TestOperation(t *testing.T) {
	s := serve(t, whole)
	op := Operation(&Fetcher{})
	c := actiontest.New(Params{URLs: []string{s.URL + "/", s.URL + "/py"}, SHA256: sumOf(content), Size: int64(len(content)), Name: "py"})
	if err := op.Run(context.Background(), c); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(c.Outputs["file"], content) {
		t.Error("the output is not the file")
	}
	c = actiontest.New(Params{URLs: []string{s.URL}, SHA256: sumOf(content), Size: 1, Name: "py"})
	if err := op.Run(context.Background(), c); err == nil || len(c.Outputs) != 0 {
		t.Errorf("%v, outputs %v", err, c.Outputs)
	}
	empty := serve(t, func(int, http.ResponseWriter, *http.Request) {})
	c = actiontest.New(Params{URLs: []string{empty.URL}, SHA256: sumOf(nil), Size: 1, Name: "py"})
	if err := op.Run(context.Background(), c); err != nil || c.Outputs["file"] == nil {
		t.Errorf("an empty file: %v", err)
	}
}

// TestKnown: what the store has is not asked for, unless it is more than is accepted.
func TestKnown(t *testing.T) {
	s := serve(t, whole)
	op := Operation(&Fetcher{})
	for _, tt := range []struct {
		size     int64
		requests int
	}{{0, 0}, {int64(len(content)), 0}, {int64(len(content)) - 1, 1}} {
		before := s.requests()
		c := actiontest.New(Params{URLs: []string{s.URL + "/py"}, SHA256: sumOf(content), Size: tt.size})
		c.Stored = map[[32]byte][]byte{cache.Of(content).Hash: content}
		err := op.Run(context.Background(), c)
		if s.requests()-before != tt.requests || (err == nil) != (tt.requests == 0) {
			t.Errorf("size %d: %d requests, %v", tt.size, s.requests()-before, err)
		}
	}
}

// TestAccept: the declared size holds for a result that another target fetched, too.
func TestAccept(t *testing.T) {
	op := Operation(&Fetcher{})
	for size, want := range map[int64]string{0: "", 5: "", 4: "py has more than the declared 4 bytes"} {
		params := func(v any) error {
			b, err := json.Marshal(Params{URLs: []string{"https://x/py"}, SHA256: sumOf([]byte("12345")), Size: size})
			if err != nil {
				return err
			}
			return json.Unmarshal(b, v)
		}
		err := op.Accept(params, []action.Output{{Name: "file", Digest: cache.Of([]byte("12345"))}})
		if (err == nil) != (want == "") || err != nil && !strings.HasPrefix(err.Error(), want) {
			t.Errorf("size %d: got %v", size, err)
		}
	}
}
