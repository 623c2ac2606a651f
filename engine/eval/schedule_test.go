package eval

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/sbomctl/sbomctl/engine/event"
)

// texts is a leaf kind over a map; probes always compare.
type texts map[string]string

func (l texts) Read(arg string) (value, sig []byte, err error) { return []byte(l[arg]), nil, nil }
func (l texts) Prober() Prober                                 { return l }
func (l texts) Close()                                         {}
func (l texts) Probe(arg string, _, value []byte) bool         { return l[arg] == string(value) }

// open returns an evaluator over kinds and leaf, the kind of leaves.
func open(t testing.TB, opt Options, leaf texts, kinds ...Kind) *Evaluator {
	t.Helper()
	e, err := Open(append([]Kind{{Name: "leaf", Leaf: leaf}}, kinds...), opt)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func get(t testing.TB, s *Session, keys ...Key) []Outcome {
	t.Helper()
	out := s.Get(keys)
	for i, o := range out {
		if o.Err != nil {
			t.Fatalf("%s: %v", keys[i], o.Err)
		}
	}
	return out
}

// chain is a kind whose node i asks for i+1, up to the last, which asks for a leaf. All have the
// same value.
func chain(length int, ran *atomic.Int64) Kind {
	return Kind{Name: "chain", Root: true, Run: func(c *Context, arg string) (Result, error) {
		ran.Add(1)
		i, err := strconv.Atoi(arg)
		if err != nil {
			return Result{}, err
		}
		next := Key{"chain", strconv.Itoa(i + 1)}
		if i+1 == length {
			next = Key{"leaf", "end"}
		}
		_, err = c.Get(next)
		return Result{}, err
	}}
}

// TestLongChain: a recorded chain of a million nodes is verified, both by the clean pass and by the
// scheduler, and compacted without a stack that grows with it.
func TestLongChain(t *testing.T) {
	const length = 1_000_000
	leaf := texts{"end": "a"}
	var ran atomic.Int64
	e := open(t, Options{Jobs: 2}, leaf, chain(length, &ran))
	end := e.lookup(Key{"leaf", "end"})
	e.record(end, []byte("a"), Of([]byte("a")), nil)
	for i, below := length-1, end; i >= 0; i-- {
		n := e.lookup(Key{"chain", strconv.Itoa(i)})
		e.record(n, nil, Of(nil), appendGroup(nil, []edge{{below.id, below.digest}}))
		below = n
	}
	build := func(want int64) {
		t.Helper()
		ran.Store(0)
		s := e.NewSession(context.Background(), nil)
		get(t, s, Key{"chain", "0"})
		if ran.Load() != want || s.UpToDate("chain") != length-int(want) {
			t.Errorf("%d functions ran, want %d; %d were up to date", ran.Load(), want, s.UpToDate("chain"))
		}
	}
	build(0)
	leaf["end"] = "b"
	build(1)
	build(0)
	if n := len(e.reachable()); n != length+1 {
		t.Errorf("%d nodes are reachable, want %d", n, length+1)
	}
}

// TestDeepFirstBuild: as many functions as maxDepth may wait for each other in a row, and one more is
// refused with words, by whichever function is too far down.
func TestDeepFirstBuild(t *testing.T) {
	for _, length := range []int{maxDepth, maxDepth + 1} {
		synctest.Test(t, func(t *testing.T) {
			var ran atomic.Int64
			e := open(t, Options{Jobs: 2}, texts{}, chain(length, &ran))
			o := e.NewSession(context.Background(), nil).Get([]Key{{"chain", "0"}})[0]
			switch {
			case ran.Load() != maxDepth:
				t.Errorf("a chain of %d: %d functions ran", length, ran.Load())
			case length == maxDepth && o.Err != nil:
				t.Errorf("a chain of %d: %v", length, o.Err)
			case length > maxDepth && (o.Err == nil || !strings.Contains(o.Err.Error(), "at most 100000 may wait for each other")):
				t.Errorf("a chain of %d: %v", length, o.Err)
			}
		})
	}
}

// edges is a kind whose nodes ask, in one group, for what the leaf of their name lists.
func edges(ran *atomic.Int64) Kind {
	return Kind{Name: "node", Run: func(c *Context, arg string) (Result, error) {
		ran.Add(1)
		o, err := c.Get(Key{"leaf", arg})
		if err != nil {
			return Result{}, err
		}
		var keys []Key
		for _, f := range strings.Fields(string(o.([]byte))) {
			keys = append(keys, Key{"node", f})
		}
		_, err = c.All(keys)
		return Result{Value: []byte(arg)}, err
	}}
}

// TestCycleAdded: a cycle that appears in a graph which was built before is told with all its
// nodes, in order, to each of them, and each runs once.
func TestCycleAdded(t *testing.T) {
	const n = 1000
	for _, jobs := range someJobs {
		leaf := texts{}
		for i := range n - 1 {
			leaf[fmt.Sprint(i)] = fmt.Sprint(i + 1)
		}
		var ran atomic.Int64
		e := open(t, Options{Jobs: jobs}, leaf, edges(&ran))
		get(t, e.NewSession(context.Background(), nil), Key{"node", "0"})
		leaf[fmt.Sprint(n-1)] = "0"
		ran.Store(0)
		keys := []Key{{"node", "0"}, {"node", "17"}}
		for _, o := range e.NewSession(context.Background(), nil).Get(keys) {
			var cycle *CycleError
			if !errors.As(o.Err, &cycle) || len(cycle.Keys) != n {
				t.Fatalf("jobs %d: %.100v", jobs, o.Err)
			}
			for i, k := range cycle.Keys {
				if k.Arg != fmt.Sprint(i) {
					t.Fatalf("key %d of the cycle is %s", i, k)
				}
			}
		}
		if ran.Load() != n {
			t.Errorf("jobs %d: %d functions ran, want %d", jobs, ran.Load(), n)
		}
		leaf[fmt.Sprint(n-1)] = ""
		get(t, e.NewSession(context.Background(), nil), keys...)
	}
}

// TestManyCycles: cycles that share nodes, hang on each other or are of one node are all found.
func TestManyCycles(t *testing.T) {
	for _, jobs := range someJobs {
		leaf := texts{
			"top": "a self x", "a": "b c", "b": "a c", "c": "a b d", // all of a, b, c need all others
			"d": "e", "e": "f", "f": "d free", // a cycle below
			"self": "self", "free": "", "x": "free",
		}
		for i := range 300 { // a chain of small cycles, each above the next
			leaf[fmt.Sprint("p", i)] = fmt.Sprintf("q%d p%d", i, i+1)
			leaf[fmt.Sprint("q", i)] = fmt.Sprintf("p%d", i)
		}
		leaf["top"] += " p0"
		var ran atomic.Int64
		e := open(t, Options{Jobs: jobs}, leaf, edges(&ran))
		var keys []Key
		for _, name := range []string{"top", "a", "d", "self", "p0", "p300", "x"} {
			keys = append(keys, Key{"node", name})
		}
		var told []string
		for _, o := range e.NewSession(context.Background(), nil).Get(keys) {
			var cycle *CycleError
			switch {
			case errors.As(o.Err, &cycle):
				told = append(told, fmt.Sprint(len(cycle.Keys)))
			case o.Err == nil:
				told = append(told, "ok")
			}
		}
		// a and what is above it wait for the cycles below first.
		if got := strings.Join(told[1:], " "); got != "2 3 1 2 ok ok" {
			t.Errorf("jobs %d: lengths of cycles: %s", jobs, got)
		}
		if want := int64(len(leaf) + 1); ran.Load() != want { // p300 has no leaf
			t.Errorf("jobs %d: %d functions ran, want %d", jobs, ran.Load(), want)
		}
	}
}

// TestRunAgainWhileAnotherWaits: x asks for a and slow together. While it waits for slow, a is run
// again. x has to wait for a once more.
func TestRunAgainWhileAnotherWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		again := make(chan struct{})
		var made atomic.Bool
		run := func(c *Context, arg string) (Result, error) {
			var err error
			switch arg {
			case "x":
				if _, err = c.All([]Key{{"node", "a"}, {"node", "slow"}}); !made.Load() {
					err = errors.New("x did not wait for a")
				}
			case "a":
				if c.Reason().Cause == event.Lost {
					close(again)
					synctest.Wait() // until slow is over and all others wait
					made.Store(true)
				}
			case "slow":
				<-again
			case "y":
				if _, err = c.Get(Key{"node", "a"}); err == nil {
					_, err = c.Get(Key{"node", "x started"}) // so that x has seen a before
				}
				if err == nil {
					err = c.RunAgain(Key{"node", "a"})
				}
			case "x started":
				synctest.Wait() // until slow waits, for x
			}
			return Result{Value: []byte(arg)}, err
		}
		e := open(t, Options{Jobs: 3}, nil, Kind{Name: "node", Run: run})
		s := e.NewSession(context.Background(), nil)
		get(t, s, Key{"node", "a"})
		get(t, s, Key{"node", "x"}, Key{"node", "y"})
	})
}

// TestObjectOnce: an object is made once for all who wait for it, also when making it asks for what
// nobody else did, and nothing of it is told.
func TestObjectOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var objects, users atomic.Int64
		more := ""
		kinds := []Kind{
			{Name: "module", Transient: true, Run: func(c *Context, arg string) (Result, error) {
				keys := []Key{{"leaf", "text"}}
				if c.Reason() == nil {
					objects.Add(1)
					synctest.Wait() // until all users wait
					keys = append(keys, Key{"leaf", "new"})
				}
				_, err := c.All(keys)
				return Result{Value: []byte("module"), Object: &arg}, err
			}},
			{Name: "user", Run: func(c *Context, arg string) (Result, error) {
				users.Add(1)
				if _, err := c.Get(Key{"leaf", "edited"}); err != nil {
					return Result{}, err
				}
				o, err := c.Get(Key{"module", "m"})
				if err == nil && *o.(*string) != "m" {
					err = fmt.Errorf("object %v", o)
				}
				return Result{Value: []byte(arg + more)}, err
			}},
		}
		leaf := texts{"edited": "1"}
		state := stateFolder(t)
		var keys []Key
		for i := range 20 {
			keys = append(keys, Key{"user", fmt.Sprint(i)})
		}
		e := open(t, Options{State: state, Jobs: 8}, leaf, kinds...)
		get(t, e.NewSession(context.Background(), nil), keys...)
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		if objects.Load() != 0 || users.Load() != 20 {
			t.Errorf("first build: %d objects, %d users", objects.Load(), users.Load())
		}
		leaf["edited"] = "2"
		events := event.NewStream()
		var told recorder
		events.Listen(&told)
		e = open(t, Options{State: state, Jobs: 8}, leaf, kinds...)
		get(t, e.NewSession(context.Background(), events), keys...)
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		if objects.Load() != 1 || users.Load() != 40 {
			t.Errorf("second build: %d objects, %d users", objects.Load(), users.Load()-20)
		}
		if slices.Contains(told.kinds, "module") {
			t.Error("an event tells of the module, which did not change")
		}
	})
}

// recorder keeps the kinds of the nodes that an event told of.
type recorder struct{ kinds []string }

func (r *recorder) Handle(e event.Event) {
	switch e := e.(type) {
	case event.NodeStarted:
		r.kinds = append(r.kinds, e.Kind)
	case event.NodeFinished:
		r.kinds = append(r.kinds, e.Kind)
	}
}

// TestRunAgain: each call runs the function once more, unless it was run again since the caller
// looked; and a result that differs is an error in this build and right in the next.
func TestRunAgain(t *testing.T) {
	var made int
	result := "same"
	blob := Key{"blob", "b"}
	kinds := []Kind{
		{Name: "blob", Run: func(c *Context, _ string) (Result, error) {
			made++
			return Result{Value: []byte(result)}, nil
		}},
		{Name: "early", Run: func(c *Context, _ string) (Result, error) {
			if _, err := c.Get(blob); err != nil {
				return Result{}, err
			}
			// Another one runs it again. That this one asked for something since counts as a look.
			if _, err := c.Get(Key{"late", ""}); err != nil {
				return Result{}, err
			}
			return Result{}, c.RunAgain(blob)
		}},
		{Name: "late", Run: func(c *Context, _ string) (Result, error) {
			if _, err := c.Get(blob); err != nil {
				return Result{}, err
			}
			return Result{}, errors.Join(c.RunAgain(blob), c.RunAgain(blob))
		}},
		{Name: "value", Run: func(c *Context, _ string) (Result, error) {
			o, err := c.Get(blob)
			if err != nil {
				return Result{}, err
			}
			return Result{Value: o.([]byte)}, nil
		}},
	}
	e := open(t, Options{Jobs: 2}, nil, kinds...)
	s := e.NewSession(context.Background(), nil)
	get(t, s, Key{"early", ""}, Key{"value", ""})
	if made != 1+2+1 {
		t.Errorf("the blob was made %d times, want 4", made)
	}
	for range 2 {
		if err := s.RunAgain(blob); err != nil {
			t.Error(err)
		}
	}
	if made != 6 {
		t.Errorf("the blob was made %d times, want 6", made)
	}
	// That another one had it made again is news once.
	if err := s.RunAgain(Key{"late", ""}); err != nil {
		t.Error(err)
	}
	before := made
	for range 2 {
		if err := s.RunAgain(blob); err != nil {
			t.Error(err)
		}
	}
	if made != before+1 {
		t.Errorf("the blob was made %d times more, want 1", made-before)
	}
	result = "other"
	if err := s.RunAgain(blob); err == nil || !strings.Contains(err.Error(), "another result than before") {
		t.Error("another result:", err)
	}
	if o := s.Get([]Key{blob})[0]; o.Err == nil {
		t.Error("a node whose second result differs is fine")
	}
	if o := get(t, e.NewSession(context.Background(), nil), Key{"value", ""})[0]; string(o.Object.([]byte)) != "other" {
		t.Errorf("the next build yields %q", o.Object)
	}
}

// TestNotStarted: after a FailFast node failed, no other is started, in this and later questions of
// the session; whoever asks for one gets what the first failed with. What is up to date stays so.
func TestNotStarted(t *testing.T) {
	bad := errors.New("bad")
	leaf := texts{}
	kind := Kind{Name: "action", FailFast: true, Run: func(c *Context, arg string) (Result, error) {
		o, err := c.Get(Key{"leaf", arg})
		if err == nil && string(o.([]byte)) == "bad" {
			err = bad
		}
		return Result{}, err
	}}
	for _, jobs := range someJobs {
		clear(leaf)
		e := open(t, Options{Jobs: jobs}, leaf, kind)
		get(t, e.NewSession(context.Background(), nil), Key{"action", "kept"})
		leaf["first"] = "bad"
		s := e.NewSession(context.Background(), nil)
		out := s.Get([]Key{{"action", "first"}})
		if out[0].Err != bad {
			t.Fatal(out[0].Err)
		}
		out = s.Get([]Key{{"action", "second"}, {"action", "kept"}})
		var idle *NotStartedError
		if !errors.As(out[0].Err, &idle) || idle.Because != bad {
			t.Errorf("jobs %d: the second action: %v", jobs, out[0].Err)
		}
		if out[1].Err != nil {
			t.Errorf("jobs %d: what is up to date: %v", jobs, out[1].Err)
		}
	}
}

// TestPanicsAndInterrupts: whatever functions do and whenever the build is interrupted, each node is
// over in the end, with a value or an error, and no goroutine is left.
func TestPanicsAndInterrupts(t *testing.T) {
	for i := range uint64(200) {
		seed := *firstSeed + i
		synctest.Test(t, func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 4))
			w := newWorld(r, seed%2 == 0)
			w.failing = true
			e, err := Open(w.kinds(), Options{Jobs: 64, KeepGoing: seed%3 == 0})
			if err != nil {
				t.Fatal(err)
			}
			history := []map[string]string{w.leaves}
			for range 4 {
				w.edit(r, seed%2 == 0, history)
				ctx, cancel := context.WithCancel(context.Background())
				var left atomic.Int64
				left.Store(r.Int64N(30))
				w.onRun = func(name string) {
					switch left.Add(-1) {
					case 10:
						panic("on purpose")
					case 0:
						cancel()
					}
				}
				_, keys := randomRoots(r)
				s := e.NewSession(ctx, nil)
				for i, o := range s.Get(keys) {
					if o.Err == nil && o.Object == nil {
						t.Errorf("seed %d: %s has neither a value nor an error", seed, keys[i])
					}
				}
				cancel()
				for _, n := range e.nodes {
					if n.phase != unvisited && n.phase != done && n.phase != failed || n.live != nil && n.live.work != nil {
						t.Errorf("seed %d: %s is in phase %d after the build", seed, e.key(n), n.phase)
					}
				}
				if s.busy != 0 || s.live != 0 {
					t.Errorf("seed %d: %d works left, %d workers", seed, s.live, s.busy)
				}
			}
		})
	}
}

// TestGoroutines: how many goroutines there are depends on the functions, not on Jobs times their groups.
func TestGoroutines(t *testing.T) {
	const depth, width = 10, 100
	leaf := texts{}
	var row []string
	for l := range depth {
		below := strings.Join(row, " ")
		row = nil
		for i := range width {
			row = append(row, fmt.Sprintf("%d-%d", l, i))
			leaf[row[i]] = below
		}
	}
	leaf["top"] = strings.Join(row, " ")
	for _, jobs := range someJobs {
		var ran atomic.Int64
		kind := edges(&ran)
		run := kind.Run
		var workers atomic.Int64
		kind.Run = func(c *Context, arg string) (Result, error) {
			if ran.Load() == 500 {
				stacks := make([]byte, 8<<20) // runtime.NumGoroutine counts some that have ended
				stacks = stacks[:runtime.Stack(stacks, true)]
				workers.Store(int64(bytes.Count(stacks, []byte("eval.(*Session).worker("))))
			}
			return run(c, arg)
		}
		e := open(t, Options{Jobs: jobs}, leaf, kind)
		get(t, e.NewSession(context.Background(), nil), Key{"node", "top"})
		if ran.Load() != depth*width+1 {
			t.Errorf("jobs %d: %d functions ran", jobs, ran.Load())
		}
		// A worker that has handed its place on may not have ended yet, but none begins without
		// need: when Get is called, and when a function waits, which each does at most twice.
		if n := workers.Load(); n > 2*ran.Load()+int64(jobs) {
			t.Errorf("jobs %d: %d workers at a time for %d functions", jobs, n, ran.Load())
		}
	}
}
