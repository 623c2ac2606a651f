package main

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestMinimize(t *testing.T) {
	items := make([]int, 100)
	for i := range items {
		items[i] = i
	}
	runs := 0
	got := minimize(items, func(rest []int) bool {
		runs++
		return slices.Contains(rest, 13) && slices.Contains(rest, 77)
	})
	if !slices.Equal(got, []int{13, 77}) {
		t.Errorf("minimize left %v, want 13 and 77", got)
	}
	if runs > 100 {
		t.Errorf("it took %d runs", runs)
	}
}

// TestShrink leaves of a sequence what the failure needs: one line of one file, one later operation, one flag.
func TestShrink(t *testing.T) {
	var seq []step
	for range 5 {
		seq = append(seq, step{
			ops:  []op{{"write", "ws/BUILD.star", "a\nb\nc\n"}, {"touch", "x", ""}, {"remove", "y", ""}},
			args: []string{"//...", "-k", "--norun_validations"},
		})
	}
	seq[2].ops[0].arg = "a\nneedle\nc\n"
	fails := func(seq []step) bool {
		needle, removed := false, false
		for _, s := range seq {
			for _, o := range s.ops {
				needle = needle || strings.Contains(o.arg, "needle")
				removed = needle && (removed || o.verb == "remove")
			}
		}
		return removed && slices.Contains(seq[len(seq)-1].args, "-k")
	}
	got := shrink(slices.Clone(seq), fails, 1000)
	want := []step{
		{ops: []op{{"write", "ws/BUILD.star", "needle\n"}}, args: []string{"//..."}},
		{ops: []op{{"remove", "y", ""}}, args: []string{"//...", "-k"}},
	}
	for i := range want {
		if i < len(got) && len(got) == len(want) && reflect.DeepEqual(got[i].args, want[i].args) {
			continue
		}
		t.Fatalf("shrunk to\n%s\nwant\n%s", describe(got), describe(want))
	}
	if !fails(got) || size(got) != size(want) {
		t.Errorf("shrunk to\n%s\nwant\n%s", describe(got), describe(want))
	}
	if seq[2].ops[0].arg != "a\nneedle\nc\n" {
		t.Error("the sequence that was handed in was changed")
	}

	tries := 0
	shrink(slices.Clone(seq), func(s []step) bool { tries++; return fails(s) }, 20)
	if tries > 20 {
		t.Errorf("%d tries, want at most 20", tries)
	}
}
