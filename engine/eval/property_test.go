package eval

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
)

// world is a random graph whose outside world is a map. A node's function is data too: the
// leaf "def:x" lists groups of names ("a b;c;d"). The function of x asks for one group
// after the other, and leaves out the group after one whose values hash to an odd number:
// its dependencies are dynamic. Values are one of a few, so early cutoff is frequent.
type world struct {
	mu     sync.Mutex
	leaves map[string]string
	mtime  map[string]int // changes with every write, and with a touch
	ran    []string
	onRun  func(name string)
}

func (w *world) Read(arg string) (value, sig []byte, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	v, ok := w.leaves[arg]
	return fmt.Appendf(nil, "%t %s", ok, v), fmt.Appendf(nil, "%d", w.mtime[arg]), nil
}

func (w *world) Prober() Prober { return w }
func (w *world) Close()         {}

func (w *world) Probe(arg string, sig, _ []byte) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return string(sig) == fmt.Sprint(w.mtime[arg])
}

func (w *world) set(name, value string) {
	w.leaves[name] = value
	w.mtime[name]++
}

// compute is the function of every node, over any way to ask for values.
func compute(name string, leaf func(string) string, group func([]string) ([]string, error)) (string, error) {
	sum := sha256.New()
	skip := false
	def := leaf("def:" + name)
	for g := range strings.SplitSeq(strings.TrimPrefix(def, "true "), ";") {
		if skip || strings.TrimSpace(g) == "" {
			skip = false
			continue
		}
		vals, err := group(strings.Fields(g))
		if err != nil {
			return "", err
		}
		part := sha256.Sum256([]byte(strings.Join(vals, "|")))
		sum.Write(part[:])
		skip = part[0]%2 == 1
	}
	return fmt.Sprint(sum.Sum(nil)[0] % 5), nil
}

func (w *world) kinds() []Kind {
	key := func(name string) Key {
		if strings.HasPrefix(name, "s") || strings.HasPrefix(name, "def:") {
			return Key{"leaf", name}
		}
		return Key{"node", name}
	}
	return []Kind{
		{Name: "leaf", Leaf: w},
		{Name: "node", Root: true, Run: func(c *Context, name string) (Result, error) {
			w.mu.Lock()
			w.ran = append(w.ran, name)
			hook := w.onRun
			w.mu.Unlock()
			if hook != nil {
				hook(name)
			}
			var failed error
			v, err := compute(name, func(l string) string {
				o, err := c.Get(key(l))
				if err != nil {
					failed = err
					return ""
				}
				return string(o.([]byte))
			}, func(names []string) ([]string, error) {
				var keys []Key
				for _, n := range names {
					keys = append(keys, key(n))
				}
				objects, err := c.All(keys)
				var out []string
				for _, o := range objects {
					out = append(out, string(o.([]byte)))
				}
				return out, err
			})
			return Result{Value: []byte(v)}, errors.Join(failed, err)
		}},
	}
}

// oracle is the specification: verifying traces, written as plainly as possible, without
// persistence, concurrency or a separate pass for clean nodes.
type oracle struct {
	w      *world
	traces map[string][][]input // by node: groups
	values map[string]string
	ran    map[string]bool
	fresh  map[string]bool
}

type input struct{ name, value string }

func (o *oracle) build(roots []string) {
	o.ran, o.fresh = map[string]bool{}, map[string]bool{}
	for _, r := range roots {
		o.ensure(r)
	}
}

func (o *oracle) ensure(name string) string {
	if strings.HasPrefix(name, "s") || strings.HasPrefix(name, "def:") {
		v, _, _ := o.w.Read(name)
		return string(v)
	}
	if o.fresh[name] {
		return o.values[name]
	}
	trace, known := o.traces[name]
	for _, group := range trace {
		var now []input
		for _, s := range group {
			now = append(now, input{s.name, o.ensure(s.name)})
		}
		if !slices.Equal(now, group) {
			known = false
			break
		}
	}
	if !known {
		o.ran[name] = true
		trace = nil
		ask := func(names []string) ([]string, error) {
			var vals []string
			var group []input
			for _, n := range names {
				v := o.ensure(n)
				vals, group = append(vals, v), append(group, input{n, v})
			}
			trace = append(trace, group)
			return vals, nil
		}
		o.values[name], _ = compute(name, func(l string) string { v, _ := ask([]string{l}); return v[0] }, ask)
		o.traces[name] = trace
	}
	o.fresh[name] = true
	return o.values[name]
}

// clean is what a build from nothing yields.
func (w *world) clean(roots []string) map[string]string {
	o := &oracle{w: w, traces: map[string][][]input{}, values: map[string]string{}}
	o.build(roots)
	return o.values
}

const nNodes, nSources = 14, 8

// define gives node i a random function that asks for nodes above i only, or, when
// ordered is false, for any: then there may be cycles.
func (w *world) define(r *rand.Rand, i int, ordered bool) {
	var def []string
	for range r.IntN(4) {
		var group []string
		for range 1 + r.IntN(3) {
			lo := 0
			if ordered {
				lo = i + 1
			}
			if n := lo + r.IntN(nNodes); n < nNodes && n != i {
				group = append(group, fmt.Sprintf("n%d", n))
			} else {
				group = append(group, fmt.Sprintf("s%d", r.IntN(nSources)))
			}
		}
		def = append(def, strings.Join(group, " "))
	}
	w.set(fmt.Sprintf("def:n%d", i), strings.Join(def, ";"))
}

// edit changes the world at random and says what it did.
func (w *world) edit(r *rand.Rand, ordered bool, history []map[string]string) string {
	s := fmt.Sprintf("s%d", r.IntN(nSources))
	switch r.IntN(6) {
	case 0:
		w.set(s, fmt.Sprint(r.IntN(3)))
		return "content of " + s
	case 1:
		w.mtime[s]++
		return "touch " + s
	case 2:
		delete(w.leaves, s)
		w.mtime[s]++
		return "delete " + s
	case 3: // rename
		t := fmt.Sprintf("s%d", r.IntN(nSources))
		v := w.leaves[s]
		delete(w.leaves, s)
		w.mtime[s]++
		w.set(t, v)
		return "rename " + s + " to " + t
	case 4:
		i := r.IntN(nNodes)
		w.define(r, i, ordered)
		return fmt.Sprint("rule of n", i)
	default: // back to some earlier world
		old := history[r.IntN(len(history))]
		for k := range maps.Clone(w.leaves) {
			if _, ok := old[k]; !ok {
				delete(w.leaves, k)
				w.mtime[k]++
			}
		}
		for k, v := range old {
			if w.leaves[k] != v {
				w.set(k, v)
			}
		}
		return "revert"
	}
}

func newWorld(r *rand.Rand, ordered bool) *world {
	w := &world{leaves: map[string]string{}, mtime: map[string]int{}}
	for i := range nSources {
		w.set(fmt.Sprintf("s%d", i), fmt.Sprint(r.IntN(3)))
	}
	for i := range nNodes {
		w.define(r, i, ordered)
	}
	return w
}

func randomRoots(r *rand.Rand) (roots []string, keys []Key) {
	for range 1 + r.IntN(3) {
		roots = append(roots, fmt.Sprintf("n%d", r.IntN(nNodes)))
		keys = append(keys, Key{"node", roots[len(roots)-1]})
	}
	return
}

func (w *world) takeRan() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	ran := w.ran
	w.ran = nil
	slices.Sort(ran)
	return ran
}

// TestIncrementalEqualsClean: after random edits an incremental build yields what a clean
// one yields and runs exactly the nodes that the specification runs, whether the evaluator
// lives on or is opened anew from its journal.
func TestIncrementalEqualsClean(t *testing.T) {
	for seed := range uint64(150) {
		r := rand.New(rand.NewPCG(seed, 1))
		w := newWorld(r, true)
		o := &oracle{w: w, traces: map[string][][]input{}, values: map[string]string{}}
		opt := Options{State: stateFolder(t), Jobs: 1 + r.IntN(4)}
		e, err := Open(w.kinds(), opt)
		if err != nil {
			t.Fatal(err)
		}
		var log []string
		history := []map[string]string{maps.Clone(w.leaves)}
		for step := range 25 {
			for range r.IntN(3) {
				log = append(log, w.edit(r, true, history))
			}
			history = append(history, maps.Clone(w.leaves))
			if r.IntN(2) == 0 {
				log = append(log, "reopen")
				if err := e.Close(); err != nil {
					t.Fatal(err)
				}
				if e, err = Open(w.kinds(), opt); err != nil {
					t.Fatal(err)
				}
			}
			roots, keys := randomRoots(r)
			log = append(log, "build "+strings.Join(roots, " "))
			out := e.NewSession(context.Background(), nil).Get(keys)
			ran := w.takeRan()
			clean := w.clean(roots)
			for i, root := range roots {
				if out[i].Err != nil || string(out[i].Object.([]byte)) != clean[root] {
					t.Fatalf("seed %d step %d: %s = %s, %v; a clean build yields %s\n%s", seed, step, root, out[i].Object, out[i].Err, clean[root], strings.Join(log, "\n"))
				}
			}
			o.build(roots)
			if want := slices.Sorted(maps.Keys(o.ran)); !slices.Equal(ran, want) {
				t.Fatalf("seed %d step %d: ran %v, want %v\n%s", seed, step, ran, want, strings.Join(log, "\n"))
			}
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestAnyEdges: with edges in any direction, traces of different builds may form cycles
// that are not there any more. A node that is on a real cycle fails, every other one has
// its clean value, and nothing hangs.
func TestAnyEdges(t *testing.T) {
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 2))
		w := newWorld(r, false)
		e, err := Open(w.kinds(), Options{Jobs: 1 + r.IntN(4)})
		if err != nil {
			t.Fatal(err)
		}
		history := []map[string]string{maps.Clone(w.leaves)}
		for step := range 12 {
			w.edit(r, false, history)
			history = append(history, maps.Clone(w.leaves))
			roots, keys := randomRoots(r)
			out := e.NewSession(context.Background(), nil).Get(keys)
			for i, root := range roots {
				want, cyclic := w.acyclic(root)
				var cycle *CycleError
				if cyclic != errors.As(out[i].Err, &cycle) {
					t.Fatalf("seed %d step %d: %s: cyclic %t, but %v", seed, step, root, cyclic, out[i].Err)
				}
				if !cyclic && string(out[i].Object.([]byte)) != want {
					t.Fatalf("seed %d step %d: %s = %s, want %s", seed, step, root, out[i].Object, want)
				}
			}
		}
	}
}

// acyclic evaluates without memory, with a stack to find cycles.
func (w *world) acyclic(root string) (value string, cyclic bool) {
	on := map[string]bool{}
	var ensure func(name string) (string, error)
	ask := func(names []string) ([]string, error) {
		var vals []string
		var first error
		for _, n := range names {
			v, err := ensure(n)
			if err != nil && first == nil {
				first = err
			}
			vals = append(vals, v)
		}
		return vals, first
	}
	ensure = func(name string) (string, error) {
		if strings.HasPrefix(name, "s") || strings.HasPrefix(name, "def:") {
			v, _, _ := w.Read(name)
			return string(v), nil
		}
		if on[name] {
			return "", errors.New("cycle")
		}
		on[name] = true
		defer delete(on, name)
		return compute(name, func(l string) string { v, _ := ensure(l); return v }, ask)
	}
	value, err := ensure(root)
	return value, err != nil
}

// TestKill: a build that is interrupted at any node, and a journal that ends anywhere, cost
// work but never a wrong value; the build after that repeats nothing.
func TestKill(t *testing.T) {
	for seed := range uint64(120) {
		r := rand.New(rand.NewPCG(seed, 3))
		w := newWorld(r, true)
		state := stateFolder(t)
		path := state.Path(journalName)
		history := []map[string]string{maps.Clone(w.leaves)}
		for range 10 {
			w.edit(r, true, history)
			history = append(history, maps.Clone(w.leaves))
			roots, keys := randomRoots(r)
			warned := 0
			opt := Options{State: state, Jobs: 1 + r.IntN(3), Warn: func(string) { warned++ }}

			e, err := Open(w.kinds(), opt)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(context.Background())
			left := r.IntN(6)
			w.onRun = func(string) {
				w.mu.Lock()
				defer w.mu.Unlock()
				if left--; left < 0 {
					cancel()
				}
			}
			e.NewSession(ctx, nil).Get(keys)
			cancel()
			if err := e.Close(); err != nil {
				t.Fatal(err)
			}
			w.onRun = nil
			if r.IntN(2) == 0 { // kill -9 in the middle of a write
				info, err := os.Stat(path)
				if err != nil {
					t.Fatal(err)
				}
				if err := os.Truncate(path, r.Int64N(info.Size()+1)); err != nil {
					t.Fatal(err)
				}
			}
			for again := range 2 {
				w.takeRan()
				e, err := Open(w.kinds(), opt)
				if err != nil {
					t.Fatal(err)
				}
				out := e.NewSession(context.Background(), nil).Get(keys)
				clean := w.clean(roots)
				for i, root := range roots {
					if out[i].Err != nil || string(out[i].Object.([]byte)) != clean[root] {
						t.Fatalf("seed %d: %s = %s, %v; want %s", seed, root, out[i].Object, out[i].Err, clean[root])
					}
				}
				if ran := w.takeRan(); again == 1 && len(ran) > 0 {
					t.Fatalf("seed %d: ran again: %v", seed, ran)
				}
				if err := e.Close(); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}
