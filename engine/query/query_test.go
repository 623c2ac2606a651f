package query

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/label"
)

// fake is a graph of targets //:0, //:1, ... of two kinds.
type fake struct {
	targets []*Target
	deps    [][]int
	broken  map[int]error
}

func newFake(deps ...[]int) *fake {
	f := &fake{deps: deps, broken: map[int]error{}}
	for i := range deps {
		f.targets = append(f.targets, &Target{Label: label.Label{Name: fmt.Sprint(i)}, Kind: []string{"even rule", "odd rule"}[i%2], Data: i})
	}
	return f
}

func (f *fake) pick(is ...int) (out []*Target) {
	for _, i := range is {
		out = append(out, f.targets[i])
	}
	return out
}

func (f *fake) Match(p label.Pattern) ([]*Target, error) {
	if p.Scope != label.One {
		return f.targets, nil
	}
	for _, t := range f.targets {
		if t.Label.Name == p.Name {
			return []*Target{t}, nil
		}
	}
	return nil, &diag.Error{Msg: "no target " + p.String()}
}

func (f *fake) Deps(t *Target) ([]*Target, error) {
	i := t.Data.(int)
	return f.pick(f.deps[i]...), f.broken[i]
}

func (f *fake) Attr(t *Target, name string) (string, bool, error) {
	return t.Label.Name, name == "name", nil
}
func (f *fake) Labels(t *Target, attr string) ([]*Target, error) {
	if attr != "deps" {
		return nil, nil
	}
	return f.Deps(t)
}
func (f *fake) Siblings(*Target) ([]*Target, error)   { return f.targets, nil }
func (f *fake) BuildFiles(*Target) ([]*Target, error) { return nil, nil }
func (f *fake) Owners(path string) ([]*Target, error) {
	if path == "a" {
		return f.targets[:1], nil
	}
	return nil, &diag.Error{Msg: "no file " + path}
}

// ask returns the names in the answer, or the error.
func ask(t *testing.T, f *fake, expr string, order Order) (string, error) {
	t.Helper()
	x, err := Parse(expr, "")
	if err != nil {
		return "", err
	}
	r, err := x.Eval(t.Context(), f, order, false)
	if err != nil {
		return "", err
	}
	var names []string
	for _, t := range r.Targets {
		names = append(names, t.Label.Name)
	}
	return strings.Join(names, " "), nil
}

// chain is 0 -> 1 -> 2 -> 3, 0 -> 2, and 4 alone; 5 and 6 are a cycle.
func chain() *fake { return newFake([]int{1, 2}, []int{2}, []int{3}, nil, nil, []int{6}, []int{5}) }

func TestLanguage(t *testing.T) {
	for expr, want := range map[string]string{
		"//:0":                                   "0",
		"0 + :1 union //:4":                      "0 1 4",
		"//... - 0 - 1 except 2":                 "3 4 5 6",
		"//... ^ set(1 2) intersect 2":           "2",
		"0 + 1 - 0":                              "1",
		"0 + (1 - 0)":                            "0 1",
		"set()":                                  "",
		"set(0 \n //:1 '//:4')":                  "0 1 4",
		"deps(0)":                                "0 1 2 3",
		"deps(0, 0)":                             "0",
		"deps(0, 1)":                             "0 1 2",
		"deps(0, 99999999999999999999)":          "0 1 2 3",
		"deps(5)":                                "5 6",
		"rdeps(//..., 3)":                        "0 1 2 3",
		"rdeps(//..., 3, 1)":                     "2 3",
		"rdeps(1, 3)":                            "1 2 3",
		"rdeps(1, 0)":                            "",
		"somepath(0, 3)":                         "0 2 3",
		"somepath(0 + 1, 1)":                     "1",
		"somepath(3, 0)":                         "",
		"somepath(6, 5)":                         "6 5",
		"allpaths(0, 3)":                         "0 1 2 3",
		"allpaths(1, 2)":                         "1 2",
		"allpaths(3, 0)":                         "",
		"allpaths(5, 5)":                         "5 6",
		"kind(odd, //...)":                       "1 3 5",
		`kind("^even rule$", deps(0))`:           "0 2",
		"filter('[13]$', //...)":                 "1 3",
		"attr(name, 4, //...)":                   "4",
		"attr(version, '', //...)":               "",
		"labels(deps, 0 + 2)":                    "1 2 3",
		"labels(srcs, 0)":                        "",
		"siblings(0) - set(0 1 2)":               "3 4 5 6",
		"some(2 + 1)":                            "1",
		"some(//..., 2)":                         "0 1",
		"owner(a)":                               "0",
		"let x = deps(1) in $x - 3":              "1 2",
		"let x = 0 in let y = $x + 1 in $y - $x": "1",
		"let x = 0 in (let x = 1 in $x) + $x":    "0 1",
		"let v = kind(even, //...) in deps($v) - $v": "1 3 5",
	} {
		if got, err := ask(t, chain(), expr, Auto); err != nil || got != want {
			t.Errorf("%s: got %q (%v), expected %q", expr, got, err, want)
		}
	}
}

func TestErrors(t *testing.T) {
	for expr, want := range map[string]string{
		"":                             "query:1:1: expected a pattern, a function or (, got the end",
		"deps(0":                       `query:1:7: expected ")": deps(x) or deps(x, depth), got the end`,
		"deps(0, -1)":                  `query:1:9: expected a number, got "-"`,
		"deps(0, x)":                   `query:1:9: expected a number, got "x"`,
		"deps(0, 1, 2)":                `query:1:10: expected ")": deps(x) or deps(x, depth), got ","`,
		"rdeps(0)":                     `query:1:8: expected "," and an expression: rdeps(universe, x)`,
		"depps(0)":                     `query:1:1: there is no function "depps"; did you mean "deps"?`,
		"0 1":                          `query:1:3: expected an operator (+ - ^) or the end, got "1"`,
		"0 +":                          "query:1:4: expected a pattern",
		"0 -\n +":                      `query:2:2: expected a pattern, a function or (, got "+"`,
		"(0":                           `query:1:3: expected ")" or an operator, got the end`,
		"'0":                           "query:1:1: the quotation that begins here does not end",
		"0 & 1":                        "query:1:3: unexpected '&'",
		"kind('(', 0)":                 `query:1:6: "(" is no regular expression (RE2): missing closing )`,
		"$x":                           "query:1:1: there is no variable $x here",
		"let x = 0 in $y":              `there is no variable $y here; did you mean "x"?`,
		"let x in 0":                   `query:1:7: expected "=", got "in"`,
		"let 'x' = 0 in 0":             "expected a variable's name",
		"let x = 0 $x":                 `expected "in" or an operator, got "$x"`,
		"set(0, 1)":                    "the words of a set are separated by spaces",
		"//:nope":                      "query:1:1: no target //:nope",
		"0 + :nope":                    "query:1:5: no target //:nope",
		"/x":                           `query:1:1: "/x" is not a target pattern: it begins with a single "/"`,
		"some(set())":                  "query:1:6: some of nothing",
		"owner(b)":                     "query:1:7: no file b",
		strings.Repeat("(", 300) + "0": "the expression is nested more than 200 deep",
		"0 + \x00":                     "query:1:5:",
	} {
		got, err := ask(t, chain(), expr, Auto)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %q, %v\nexpected %s", expr, got, err, want)
		}
	}
	_, err := ask(t, chain(), "let x = 0 in\n  deps($y)", Auto)
	d := new(diag.Error)
	if !errors.As(err, &d) || len(d.Hints) < 2 || strings.Index(d.Hints[0], "$y") != strings.Index(d.Hints[1], "^") {
		t.Errorf("the mark is not below the place: %v", err)
	}
}

// TestKeepGoing: what cannot be loaded costs its own edges only, and is told once.
func TestKeepGoing(t *testing.T) {
	f := chain()
	f.broken[1] = &diag.Error{Msg: "broken"}
	x, err := Parse("deps(0) + rdeps(//..., 3) + //:nope", "")
	if err != nil {
		t.Fatal(err)
	}
	r, err := x.Eval(t.Context(), f, Auto, true)
	if r == nil || len(r.Targets) != 4 || len(diag.Flatten(err)) != 2 {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err := x.Eval(t.Context(), f, Auto, false); r != nil || err == nil {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestOracle holds the walks against definitions that are obvious and slow, over random graphs with cycles.
func TestOracle(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		n := 1 + rng.IntN(9)
		deps := make([][]int, n)
		for i := range deps {
			for j := range n {
				if rng.IntN(4) == 0 {
					deps[i] = append(deps[i], j)
				}
			}
		}
		// dist[i][j] is the number of steps from i to j, 99 when there is no way.
		dist := make([][]int, n)
		for i := range dist {
			dist[i] = slices.Repeat([]int{99}, n)
			dist[i][i] = 0
			for _, j := range deps[i] {
				if i != j {
					dist[i][j] = 1
				}
			}
		}
		for k := range n {
			for i := range n {
				for j := range n {
					dist[i][j] = min(dist[i][j], dist[i][k]+dist[k][j])
				}
			}
		}
		f := newFake(deps...)
		a, b, d := rng.IntN(n), rng.IntN(n), rng.IntN(4)
		check := func(expr string, in func(i int) bool) {
			t.Helper()
			var want []string
			for i := range n {
				if in(i) {
					want = append(want, fmt.Sprint(i))
				}
			}
			if got, err := ask(t, f, expr, Auto); err != nil || got != strings.Join(want, " ") {
				t.Errorf("%v: %s is %q (%v), expected %q", deps, expr, got, err, want)
			}
		}
		check(fmt.Sprintf("deps(%d)", a), func(i int) bool { return dist[a][i] < 99 })
		check(fmt.Sprintf("deps(%d, %d)", a, d), func(i int) bool { return dist[a][i] <= d })
		check(fmt.Sprintf("rdeps(//..., %d, %d)", b, d), func(i int) bool { return dist[i][b] <= d })
		check(fmt.Sprintf("rdeps(%d, %d)", a, b), func(i int) bool { return dist[a][b] < 99 && dist[a][i] < 99 && dist[i][b] < 99 })
		check(fmt.Sprintf("allpaths(%d, %d)", a, b), func(i int) bool { return dist[a][i] < 99 && dist[i][b] < 99 })

		path, err := ask(t, f, fmt.Sprintf("somepath(%d, %d)", a, b), Auto)
		steps := strings.Fields(path)
		switch {
		case err != nil:
			t.Error(err)
		case dist[a][b] == 99 && path != "" || dist[a][b] < 99 && len(steps) != dist[a][b]+1:
			t.Errorf("%v: somepath(%d, %d) is %q, which has not %d steps", deps, a, b, path, dist[a][b])
		case path != "" && (steps[0] != fmt.Sprint(a) || steps[len(steps)-1] != fmt.Sprint(b)):
			t.Errorf("%v: somepath(%d, %d) is %q", deps, a, b, path)
		}
		for i := 1; i < len(steps); i++ {
			var from, to int
			fmt.Sscan(steps[i-1], &from)
			fmt.Sscan(steps[i], &to)
			if !slices.Contains(deps[from], to) {
				t.Errorf("%v: %q is no path", deps, path)
			}
		}

		order, err := ask(t, f, "//...", Deps)
		at := map[int]int{}
		for i, s := range strings.Fields(order) {
			var v int
			fmt.Sscan(s, &v)
			at[v] = i
		}
		if err != nil || len(at) != n {
			t.Errorf("%q, %v", order, err)
		}
		for i := range n {
			for _, j := range deps[i] {
				if dist[j][i] == 99 && at[i] > at[j] { // no cycle
					t.Errorf("%v: %d is after %d in %q", deps, i, j, order)
				}
			}
		}
	}
}

// TestLongChain: nothing recurses along the graph.
func TestLongChain(t *testing.T) {
	deps := make([][]int, 100_000)
	for i := range len(deps) - 1 {
		deps[i] = []int{i + 1}
	}
	f := newFake(deps...)
	for _, order := range []Order{Auto, Deps} {
		if got, err := ask(t, f, "deps(0) + set("+strings.Repeat("0 ", 100_000)+")", order); err != nil || len(strings.Fields(got)) != len(deps) {
			t.Errorf("%d, %v", len(got), err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"deps(//..., 3) - //:a", "let x = 'a b' in $x ^ set(a :b)", "kind('.', attr(n, [a], x))", "somepath(", "é \"\n"} {
		f.Add(s)
	}
	g := chain()
	f.Fuzz(func(t *testing.T, s string) {
		x, err := Parse(s, "pkg")
		if err != nil {
			for _, e := range diag.Flatten(err) {
				if d := (*diag.Error)(nil); !errors.As(e, &d) {
					t.Errorf("%T", e)
				}
			}
			return
		}
		_, _ = x.Eval(t.Context(), g, Deps, true)
	})
}
