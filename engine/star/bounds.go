package star

import (
	"context"
	"fmt"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

// The bounds of one evaluation. Each is far above what a real workspace needs. What is charged for in steps (charge) is
// charged so that a step is some tens of bytes at most: all steps together are about a gigabyte.
const (
	maxSource   = 16 << 20  // bytes of one file
	maxFuncs    = 20_000    // functions in one file: without recursion this bounds the depth of calls
	maxString   = 16 << 20  // bytes of one string
	maxElements = 4 << 20   // elements of one range, or of a repeated list
	maxBits     = 1 << 10   // of one integer
	maxDepth    = 100       // nesting of data that leaves Starlark (attributes, providers, text, JSON)
	maxNodes    = 10 << 20  // values reachable from a module's globals
	maxTargets  = 1_000_000 // targets of one package
	maxResult   = 16 << 20  // bytes of one Declaration or Target
	maxPackage  = 1 << 30   // bytes of one Package
	maxWaivers  = 1_000     // waivers of one target, or one package
	maxErrors   = 50        // errors of one evaluation that are reported
)

// What is charged for: stepBytes of text are a step, an element of a list is one, and a dict or set is dictSteps and
// entrySteps for each entry.
const (
	stepBytes  = 16
	dictSteps  = 20
	entrySteps = 8
)

// maxSteps is how many steps one module, package or analysis may take: some seconds. A variable for the test.
var maxSteps uint64 = 30e6

// newThread returns a thread bound to ctx and to the limit of steps. release must be called when it is done.
func newThread(ctx context.Context, name string, print func(string)) (thread *starlark.Thread, release func()) {
	thread = &starlark.Thread{
		Name: name,
		Print: func(t *starlark.Thread, msg string) {
			if print != nil {
				print(callerPos(t).String() + ": " + msg)
			}
		},
		OnMaxSteps: func(t *starlark.Thread) { t.Cancel(tooManySteps().Error()) },
	}
	thread.SetMaxExecutionSteps(maxSteps)
	if ctx.Done() == nil {
		return thread, func() {}
	}
	stop := context.AfterFunc(ctx, func() { thread.Cancel("interrupted") })
	return thread, func() { stop() }
}

func tooManySteps() error { return fmt.Errorf("it takes more than %d steps", maxSteps) }

// charge counts n steps for what one step is about to make. When it fails, the evaluation is over.
func charge(t *starlark.Thread, n int) error {
	if left := maxSteps - min(t.Steps, maxSteps); uint64(n) >= left {
		t.Steps = maxSteps
		return tooManySteps()
	}
	t.Steps += uint64(n)
	return nil
}

// cost returns how many steps a copy of a value is.
func cost(v starlark.Value) int {
	switch v := v.(type) {
	case starlark.String:
		return len(v) / stepBytes
	case starlark.Bytes:
		return len(v) / stepBytes
	case *starlark.Dict:
		return entrySteps * v.Len()
	case *starlark.Set:
		return entrySteps * v.Len()
	case starlark.Sequence:
		return v.Len()
	case starlark.Iterable:
		n := 0
		for range starlark.Elements(v) {
			n++
		}
		return n
	}
	return 0
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
