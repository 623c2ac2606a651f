package star

import (
	"context"
	"fmt"
	"runtime/metrics"
	"sync"
	"time"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

// The bounds of one evaluation. Each is far above what a real workspace needs.
const (
	maxSource   = 16 << 20  // bytes of one file
	maxSteps    = 100e6     // bytecode steps of one module, package or analysis: some seconds
	maxFuncs    = 20_000    // functions in one file: without recursion this bounds the depth of calls
	maxString   = 16 << 20  // bytes of one string
	maxElements = 4 << 20   // elements of one range, or of a repeated list
	maxBits     = 64 << 10  // of one integer
	maxDepth    = 100       // nesting of data that leaves Starlark (attributes, providers, text, JSON)
	maxNodes    = 10 << 20  // values reachable from a module's globals
	maxTargets  = 1_000_000 // targets of one package
	maxResult   = 16 << 20  // bytes of one Declaration or Target
	maxPackage  = 1 << 30   // bytes of one Package
	maxErrors   = 50        // errors of one evaluation that are reported
)

// maxHeap is by how many bytes the process may grow while one evaluation runs; a variable for the test.
var maxHeap uint64 = 1 << 30

// newThread returns a thread bound to ctx and to the step and memory limits. release must be
// called when it is done.
func newThread(ctx context.Context, name string, print func(string)) (thread *starlark.Thread, release func()) {
	thread = &starlark.Thread{
		Name: name,
		Print: func(t *starlark.Thread, msg string) {
			if print != nil {
				print(callerPos(t).String() + ": " + msg)
			}
		},
		OnMaxSteps: func(t *starlark.Thread) {
			t.Cancel(fmt.Sprintf("it takes more than %d steps", int(maxSteps)))
		},
	}
	thread.SetMaxExecutionSteps(maxSteps)
	stop := func() bool { return true }
	if ctx.Done() != nil {
		stop = context.AfterFunc(ctx, func() { thread.Cancel("interrupted") })
	}
	watchdog.add(thread)
	return thread, func() {
		stop()
		watchdog.remove(thread)
	}
}

// watchdog cancels evaluations during which the process's heap grows beyond maxHeap. What one
// operation may allocate is bounded elsewhere; this catches the sum. It looks every few
// milliseconds, and only while something runs for longer than that.
var watchdog heapWatch

type heapWatch struct {
	mu      sync.Mutex
	running map[*starlark.Thread]uint64 // heap when first seen; 0 before that
	timer   *time.Timer
}

const watchInterval = 5 * time.Millisecond

func (w *heapWatch) add(t *starlark.Thread) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.running == nil {
		w.running = map[*starlark.Thread]uint64{}
	}
	w.running[t] = 0
	if w.timer == nil {
		w.timer = time.AfterFunc(watchInterval, w.look)
	}
}

func (w *heapWatch) remove(t *starlark.Thread) {
	w.mu.Lock()
	delete(w.running, t)
	w.mu.Unlock()
}

func (w *heapWatch) look() {
	heap := heapBytes()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.running) == 0 {
		w.timer = nil
		return
	}
	for t, before := range w.running {
		switch {
		case before == 0:
			w.running[t] = heap
		case heap > before+maxHeap:
			t.Cancel(fmt.Sprintf("it takes more than %d MiB of memory", maxHeap>>20))
		}
	}
	w.timer.Reset(watchInterval)
}

func heapBytes() uint64 {
	s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

// weigh returns about how many bytes the text of v has, or an error when that is more than
// maxString or v is nested deeper than maxDepth. The text of lists that share
// elements can be exponentially longer than they are.
func weigh(v starlark.Value) (int, error) {
	n := 0
	err := weighInto(v, &n, 0)
	return n, err
}

func weighInto(v starlark.Value, n *int, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("a value is nested more than %d deep", maxDepth)
	}
	*n += 4
	var err error
	each := func(seq func(func(starlark.Value) bool)) {
		for e := range seq {
			if err = weighInto(e, n, depth+1); err != nil {
				return
			}
		}
	}
	switch v := v.(type) {
	case starlark.String:
		*n += len(v)
	case starlark.Bytes:
		*n += 4 * len(v)
	case starlark.Int:
		if _, small := v.Int64(); !small {
			*n += v.BigInt().BitLen() / 3
		} else {
			*n += 8
		}
	case starlark.IterableMapping:
		for k, e := range starlark.Entries(v) {
			if err = weighInto(k, n, depth+1); err == nil {
				err = weighInto(e, n, depth+1)
			}
			if err != nil {
				return err
			}
		}
	case *starlark.Set:
		each(v.Elements())
	case starlark.Sequence:
		each(starlark.Elements(v))
	case *Instance, *starlarkstruct.Struct:
		h := v.(hasFields)
		for _, name := range h.AttrNames() {
			*n += len(name)
			f, ferr := h.Attr(name)
			if ferr != nil {
				return ferr
			}
			if err = weighInto(f, n, depth+1); err != nil {
				return err
			}
		}
	default:
		*n += 100
	}
	if err == nil && *n > maxString {
		err = fmt.Errorf("a value's text is longer than %d MiB", maxString>>20)
	}
	return err
}

// checkReach walks what is reachable from roots without recursion, and fails when that is nested so
// deep, or so much, that freezing it would exhaust the stack or never end.
func checkReach(roots []starlark.Value) error {
	type item struct {
		v     starlark.Value
		depth int
	}
	stack := make([]item, 0, len(roots))
	for _, v := range roots {
		stack = append(stack, item{v, 0})
	}
	seen := map[starlark.Value]bool{}
	for nodes := 0; len(stack) > 0; nodes++ {
		it := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if it.depth > 100*maxDepth {
			return fmt.Errorf("a global value is nested more than %d deep", 100*maxDepth)
		}
		if nodes > maxNodes {
			return fmt.Errorf("the global values hold more than %d values", maxNodes)
		}
		push := func(v starlark.Value) { stack = append(stack, item{v, it.depth + 1}) }
		switch v := it.v.(type) {
		case starlark.Tuple: // has no identity; a shared tuple is walked each time, as Freeze does
			for _, e := range v {
				push(e)
			}
		case *starlark.List:
			if !seen[v] {
				seen[v] = true
				for e := range v.Elements() {
					push(e)
				}
			}
		case *starlark.Dict:
			if !seen[v] {
				seen[v] = true
				for k, e := range v.Entries() {
					push(k)
					push(e)
				}
			}
		case *starlark.Set:
			if !seen[v] {
				seen[v] = true
				for e := range v.Elements() {
					push(e)
				}
			}
		case *starlark.Function:
			if !seen[v] {
				seen[v] = true
				for i := range v.NumFreeVars() {
					_, e := v.FreeVar(i)
					push(e)
				}
				for i := range v.NumParams() {
					if e := v.ParamDefault(i); e != nil {
						push(e)
					}
				}
			}
		case *starlark.Builtin:
			if r := v.Receiver(); r != nil {
				push(r)
			}
		case *Instance, *starlarkstruct.Struct:
			h := v.(hasFields)
			for _, name := range h.AttrNames() {
				if e, err := h.Attr(name); err == nil && e != nil {
					push(e)
				}
			}
		}
	}
	return nil
}
