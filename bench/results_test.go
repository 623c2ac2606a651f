package main

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the table in README.md")

// TestTable compares the table in README.md with bench/results.json, and the results with the benchmarks that
// there are: each has figures, but a long one may have none, and no figure is of one that is gone.
func TestTable(t *testing.T) {
	const readme, begin, end = "../README.md", "<!-- bench/results.json -->\n", "<!-- end -->\n"
	r, err := readResults("results.json")
	if err != nil {
		t.Fatal(err)
	}
	var have, want []string
	for _, m := range r.Benchmarks {
		have = append(have, m.Name)
		if len(m.Rows) == 0 || m.Date == "" || m.Revision == "" {
			t.Errorf("%s: %+v", m.Name, m)
		}
	}
	for _, b := range benchmarks {
		if !b.long || slices.Contains(have, b.name) {
			want = append(want, b.name)
		}
	}
	if !slices.Equal(have, want) {
		t.Errorf("bench/results.json has figures of %q, there are %q; go run ./bench -record=bench/results.json NAME measures one", have, want)
	}
	data, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok1 := strings.Cut(string(data), begin)
	shown, after, ok2 := strings.Cut(rest, end)
	if !ok1 || !ok2 {
		t.Fatalf("README.md has no %q", begin)
	}
	table := r.table()
	if *update {
		if err := os.WriteFile(readme, []byte(before+begin+table+end+after), 0o666); err != nil {
			t.Fatal(err)
		}
	} else if shown != table {
		t.Errorf("README.md does not show bench/results.json; go test ./bench -run TestTable -update writes\n%s", table)
	}
}
