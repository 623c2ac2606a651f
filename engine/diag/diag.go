// Package diag is the one shape of every message that tells a user what is wrong.
//
// A diagnostic says where (file:line:column), which target, what was wrong, what was
// expected, and, where there is one, the nearest right spelling or the command that
// fixes it. Errors of a build are collected, not first-fail: a List is an error too.
package diag

import (
	"errors"
	"sort"
	"strings"
)

// Error is one diagnostic. Msg is the only field that must be set; it is in lower case,
// of one line, without a full stop.
type Error struct {
	Pos   Pos      // where; zero when no file is to blame
	Label string   // target, in canonical form ("//pkg:name"); "" when none
	Msg   string   // what was wrong, and what was expected
	Lines []string // text that is shown as it is below the message, such as the end of a log
	Hints []string // each on a line of its own: a suggestion or a command to run
	Err   error    // the cause, for errors.Is; never printed

	// Attr is what of Label's declaration is to blame, so that whoever knows positions can add Pos: an
	// attribute ("srcs"), an element of it ("srcs[2]"), or "" for the declaration as a whole.
	Attr string
}

// Error returns "pos: label: msg", and below it each of Lines and each hint on a line of its own.
func (e *Error) Error() string {
	var b strings.Builder
	if !e.Pos.IsZero() {
		b.WriteString(e.Pos.String() + ": ")
	}
	if e.Label != "" {
		b.WriteString(e.Label + ": ")
	}
	b.WriteString(e.Msg)
	for _, l := range e.Lines {
		b.WriteString("\n  | " + l)
	}
	for _, h := range e.Hints {
		b.WriteString("\n  hint: " + h)
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// List is several errors that are reported together, in the order in which they were found.
type List []error

// Error joins the messages with newlines.
func (l List) Error() string {
	s := make([]string, len(l))
	for i, e := range l {
		s[i] = e.Error()
	}
	return strings.Join(s, "\n")
}

// Unwrap makes each error reachable with errors.Is and errors.As.
func (l List) Unwrap() []error { return l }

// Err returns nil for an empty list, the only error of a list of one, and otherwise the list.
func (l List) Err() error {
	switch len(l) {
	case 0:
		return nil
	case 1:
		return l[0]
	}
	return l
}

// Flatten returns the single errors of err, which may be nested Lists, each message once.
func Flatten(err error) []error {
	var out []error
	seen := map[string]bool{}
	var walk func(error)
	walk = func(err error) {
		var l List
		if errors.As(err, &l) {
			for _, e := range l {
				walk(e)
			}
			return
		}
		if err != nil && !seen[err.Error()] {
			seen[err.Error()] = true
			out = append(out, err)
		}
	}
	walk(err)
	return out
}

// Nearest returns the candidate that is most likely meant by word, or "" when none is
// near: at most a third of word's letters (at least one) may be inserted, dropped,
// replaced or swapped with a neighbour. Ties go to the first in code-point order.
func Nearest(word string, candidates []string) string {
	sorted := append([]string(nil), candidates...)
	sort.Strings(sorted)
	best, bestDist := "", max(1, len(word)/3)+1
	for _, c := range sorted {
		if d := distance(strings.ToLower(word), strings.ToLower(c), bestDist); d < bestDist {
			best, bestDist = c, d
		}
	}
	return best
}

// DidYouMean returns a message's tail, `; did you mean "x"?`, or "" when no candidate is near.
func DidYouMean(word string, candidates []string) string {
	if n := Nearest(word, candidates); n != "" {
		return `; did you mean "` + n + `"?`
	}
	return ""
}

// distance is the optimal string alignment distance of a and b, or limit when it is not below it.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	prev2, prev, cur := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], prev2[j-2]+1)
			}
		}
		prev2, prev, cur = prev, cur, prev2
	}
	return min(prev[len(b)], limit)
}
