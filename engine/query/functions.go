package query

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
)

// argKind is what an argument of a function is.
type argKind string

const (
	aSet    argKind = "an expression"
	aWord   argKind = "a word"
	aRegexp argKind = "a regular expression"
	aNumber argKind = "a number"
)

// function is a function of the language. The last arguments may be left out.
type function struct {
	usage  string
	args   []argKind
	needed int
	path   bool // its result is a path, in order
	run    func(e *evaluation, args []arg, sets []set) (set, error)
}

var functions map[string]*function

// init breaks the cycle between the functions and the parser, which suggests their names.
func init() {
	functions = map[string]*function{
		"deps":       {"deps(x) or deps(x, depth)", []argKind{aSet, aNumber}, 1, false, deps},
		"rdeps":      {"rdeps(universe, x) or rdeps(universe, x, depth)", []argKind{aSet, aSet, aNumber}, 2, false, rdeps},
		"somepath":   {"somepath(from, to)", []argKind{aSet, aSet}, 2, true, somepath},
		"allpaths":   {"allpaths(from, to)", []argKind{aSet, aSet}, 2, false, allpaths},
		"kind":       {"kind(regexp, x)", []argKind{aRegexp, aSet}, 2, false, kind},
		"filter":     {"filter(regexp, x)", []argKind{aRegexp, aSet}, 2, false, filter},
		"attr":       {"attr(name, regexp, x)", []argKind{aWord, aRegexp, aSet}, 3, false, attr},
		"labels":     {"labels(name, x)", []argKind{aWord, aSet}, 2, false, labels},
		"siblings":   {"siblings(x)", []argKind{aSet}, 1, false, siblings},
		"buildfiles": {"buildfiles(x)", []argKind{aSet}, 1, false, buildfiles},
		"some":       {"some(x) or some(x, count)", []argKind{aSet, aNumber}, 1, false, some},
		"owner":      {"owner(path)", []argKind{aWord}, 1, false, owner},
	}
}

func functionNames() []string {
	names := []string{"set"}
	for n := range functions {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// check says what is wrong with argument i before anything is evaluated.
func (f *function) check(src source, i int, a arg) error {
	if f.args[i] != aRegexp {
		return nil
	}
	_, err := regexp.Compile(a.word)
	if err == nil {
		return nil
	}
	why := "it is malformed"
	if s := (*syntax.Error)(nil); errors.As(err, &s) {
		why = fmt.Sprintf("%s at %q", s.Code, s.Expr)
	}
	return src.errorf(a.at, "%q is no regular expression (RE2): %s", a.word, why)
}

// walk visits start and what next leads to, at most depth steps away; depth < 0 is any number.
func walk(start set, depth int, next func(*Target) ([]*Target, error)) (set, error) {
	seen := make(set, len(start))
	level := start.sorted()
	seen.add(level...)
	for ; len(level) > 0 && depth != 0; depth-- {
		var below []*Target
		for _, t := range level {
			targets, err := next(t)
			if err != nil {
				return nil, err
			}
			for _, d := range targets {
				if !seen.has(d) {
					seen.add(d)
					below = append(below, d)
				}
			}
		}
		level = below
	}
	return seen, nil
}

// depthOf is the optional argument i.
func depthOf(args []arg, i int) int {
	if i < len(args) {
		return args[i].n
	}
	return -1
}

func deps(e *evaluation, args []arg, sets []set) (set, error) {
	return walk(sets[0], depthOf(args, 1), e.deps)
}

// reversed returns the edges of a closed set of targets, the other way round.
func reversed(e *evaluation, closed set) (map[*Target][]*Target, error) {
	out := make(map[*Target][]*Target, len(closed))
	for _, t := range closed.sorted() {
		targets, err := e.deps(t)
		if err != nil {
			return nil, err
		}
		for _, d := range targets {
			out[d] = append(out[d], t)
		}
	}
	return out, nil
}

func rdeps(e *evaluation, args []arg, sets []set) (set, error) {
	universe, err := walk(sets[0], -1, e.deps)
	if err != nil {
		return nil, err
	}
	up, err := reversed(e, universe)
	if err != nil {
		return nil, err
	}
	return walk(sets[1].filter(universe.has), depthOf(args, 2), func(t *Target) ([]*Target, error) { return up[t], nil })
}

func allpaths(e *evaluation, _ []arg, sets []set) (set, error) {
	below, err := walk(sets[0], -1, e.deps)
	if err != nil {
		return nil, err
	}
	up, err := reversed(e, below)
	if err != nil {
		return nil, err
	}
	return walk(sets[1].filter(below.has), -1, func(t *Target) ([]*Target, error) { return up[t], nil })
}

// somepath finds a shortest path; of several the one whose labels come first.
func somepath(e *evaluation, _ []arg, sets []set) (set, error) {
	e.path = nil
	from := map[*Target]*Target{}
	var end *Target
	if start := sets[0].filter(sets[1].has).sorted(); len(start) > 0 {
		end = start[0]
	} else {
		_, err := walk(sets[0], -1, func(t *Target) ([]*Target, error) {
			if end != nil {
				return nil, nil
			}
			targets, err := e.deps(t)
			targets = slices.Clone(targets)
			slices.SortFunc(targets, byLabel)
			for _, d := range targets {
				if _, known := from[d]; !known && !sets[0].has(d) {
					from[d] = t
				}
				if end == nil && sets[1].has(d) {
					end = d
				}
			}
			return targets, err
		})
		if err != nil {
			return nil, err
		}
	}
	for t := end; t != nil; t = from[t] {
		e.path = append(e.path, t)
	}
	slices.Reverse(e.path)
	return setOf(e.path...), nil
}

func kind(_ *evaluation, args []arg, sets []set) (set, error) {
	re := regexp.MustCompile(args[0].word)
	return sets[1].filter(func(t *Target) bool { return re.MatchString(t.Kind) }), nil
}

func filter(_ *evaluation, args []arg, sets []set) (set, error) {
	re := regexp.MustCompile(args[0].word)
	return sets[1].filter(func(t *Target) bool { return re.MatchString(t.Label.String()) }), nil
}

func attr(e *evaluation, args []arg, sets []set) (set, error) {
	re := regexp.MustCompile(args[1].word)
	out := set{}
	for t := range sets[2] {
		value, ok, err := e.graph.Attr(t, args[0].word)
		if err = e.failed(err); err != nil {
			return nil, err
		}
		if ok && re.MatchString(value) {
			out.add(t)
		}
	}
	return out, nil
}

// each gathers what f yields for each target.
func each(e *evaluation, s set, f func(*Target) ([]*Target, error)) (set, error) {
	out := set{}
	for _, t := range s.sorted() {
		targets, err := f(t)
		if err = e.failed(err); err != nil {
			return nil, err
		}
		out.add(targets...)
	}
	return out, nil
}

func labels(e *evaluation, args []arg, sets []set) (set, error) {
	return each(e, sets[1], func(t *Target) ([]*Target, error) { return e.graph.Labels(t, args[0].word) })
}

func siblings(e *evaluation, _ []arg, sets []set) (set, error) {
	return each(e, sets[0], e.graph.Siblings)
}

func buildfiles(e *evaluation, _ []arg, sets []set) (set, error) {
	return each(e, sets[0], e.graph.BuildFiles)
}

func some(e *evaluation, args []arg, sets []set) (set, error) {
	n := 1
	if len(args) > 1 {
		n = args[1].n
	}
	all := sets[0].sorted()
	if len(all) == 0 && len(e.errs) == 0 {
		return nil, e.src.errorf(args[0].at, "some of nothing: the set is empty")
	}
	return setOf(all[:min(n, len(all))]...), nil
}

func owner(e *evaluation, args []arg, _ []set) (set, error) {
	targets, err := e.graph.Owners(args[0].word)
	return setOf(targets...), e.failed(e.src.at(args[0].at, err))
}
