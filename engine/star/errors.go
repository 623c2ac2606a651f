package star

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"strings"

	"go.starlark.net/resolve"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/sbomctl/sbomctl/engine/diag"
)

const builtinFile = "<builtin>"

// position is p in the words of diag.
func position(p syntax.Position) diag.Pos {
	return diag.Pos{File: p.Filename(), Line: int(p.Line), Col: int(p.Col)}
}

// callerPos is where the innermost Starlark function of the stack is.
func callerPos(t *starlark.Thread) diag.Pos {
	for i := 0; i < t.CallStackDepth(); i++ {
		if p := t.CallFrame(i).Pos; p.Filename() != builtinFile {
			return position(p)
		}
	}
	return diag.Pos{}
}

// fault is an error that a builtin raises: a message, hints, and perhaps the attribute of the
// target that is to blame, or an element of it (see diag.Error.Attr).
type fault struct {
	msg   string
	attr  string
	hints []string
}

func (f *fault) Error() string { return f.msg }

func faultf(format string, args ...any) *fault { return &fault{msg: fmt.Sprintf(format, args...)} }

// faultOf returns err as a fault: its message and hints, and the attribute that it names.
func faultOf(err error) *fault {
	switch e := err.(type) {
	case *fault:
		return e
	case *diag.Error:
		return &fault{msg: e.Msg, attr: e.Attr, hints: e.Hints}
	}
	return &fault{msg: err.Error()}
}

// prefix puts text before an error's message.
func prefix(text string, err error) *fault {
	f := *faultOf(err)
	f.msg = text + f.msg
	return &f
}

// ofAttr puts the attribute that err names before its message, or else where it happened.
func ofAttr(where string, err error) *fault {
	if name, _, _ := strings.Cut(faultOf(err).attr, "["); name != "" {
		where = fmt.Sprintf("attribute %q: ", name)
	}
	return prefix(where, err)
}

// at blames an attribute, or an element of it, for err.
func at(attr string, err error) *fault {
	f := *faultOf(err)
	f.attr = attr
	return &f
}

// place names element i of an attribute, or a dict's entry i; the attribute itself when i is negative.
func place(attr string, i int) string {
	if attr == "" || i < 0 {
		return attr
	}
	return fmt.Sprintf("%s[%d]", attr, i)
}

// embedded reports whether a file is part of sbomctl, so that no user can mend what is wrong there.
func embedded(file string) bool { return strings.HasPrefix(file, "@") && strings.Contains(file, "//") }

// runtimeError turns what the interpreter returned into a diagnostic at the innermost Starlark
// position that a user can edit, with the calls that led there as hints. There is none, and Pos is zero, where
// all of the code is embedded. A cancelled context yields its own error.
func runtimeError(ctx context.Context, err error, target string) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var list diag.List
	if errors.As(err, &list) {
		return list
	}
	d := &diag.Error{Label: target, Msg: plain(err.Error()), Err: err}
	var f *fault
	if errors.As(err, &f) {
		d.Msg, d.Attr, d.Hints = f.msg, f.attr, append(d.Hints, f.hints...)
	}
	var inner *diag.Error
	if errors.As(err, &inner) {
		d.Pos, d.Msg, d.Hints = inner.Pos, inner.Msg, append(d.Hints, inner.Hints...)
		if inner.Label != "" {
			d.Label = inner.Label
		}
	}
	var eval *starlark.EvalError
	if errors.As(err, &eval) {
		frames := starlarkFrames(eval.CallStack)
		// A call that does not fit its function is the caller's mistake.
		if n := len(frames); n > 1 && strings.HasPrefix(eval.Msg, "function "+frames[n-1].Name+" ") {
			frames = frames[:n-1]
		}
		own := len(frames)
		for own > 0 && embedded(frames[own-1].Pos.Filename()) {
			own--
		}
		if d.Pos.IsZero() && own > 0 {
			d.Pos = position(frames[own-1].Pos)
		}
		if n := len(frames); own < n {
			d.Hints = append(d.Hints, fmt.Sprintf("in %s, at %s", frames[n-1].Name, position(frames[n-1].Pos)))
		}
		d.Hints = append(d.Hints, callHints(frames)...)
	}
	return d
}

// starlarkFrames drops the builtins of a stack.
func starlarkFrames(stack starlark.CallStack) []starlark.CallFrame {
	out := make([]starlark.CallFrame, 0, len(stack))
	for _, fr := range stack {
		if fr.Pos.Filename() != builtinFile {
			out = append(out, fr)
		}
	}
	return out
}

// callHints says, innermost first, which call led into each function of the stack.
func callHints(frames []starlark.CallFrame) []string {
	var out []string
	for i := len(frames) - 1; i > 0; i-- {
		out = append(out, fmt.Sprintf("in %s, called at %s", frames[i].Name, position(frames[i-1].Pos)))
		if len(out) == 10 && i > 1 {
			out = append(out, fmt.Sprintf("and %d more calls", i-1))
			break
		}
	}
	return out
}

// plain makes an interpreter's message one line without its own prefixes.
func plain(msg string) string {
	msg = strings.TrimPrefix(msg, "Starlark computation cancelled: ")
	msg, _, _ = strings.Cut(msg, "\n")
	return strings.TrimSuffix(msg, ".")
}

// staticErrors turns the errors of scanning, parsing and name resolution into diagnostics.
// known are the names that an undefined one may be a misspelling of; suggest, which may be nil, returns
// hints for an undefined name.
func staticErrors(err error, known []string, suggest func(string) []string) error {
	var syn syntax.Error
	if errors.As(err, &syn) {
		return &diag.Error{Pos: position(syn.Pos), Msg: "syntax error: " + plain(syn.Msg), Err: err}
	}
	var list resolve.ErrorList
	if !errors.As(err, &list) {
		return &diag.Error{Msg: plain(err.Error()), Err: err}
	}
	var out diag.List
	for _, e := range list {
		d := &diag.Error{Pos: position(e.Pos), Msg: plain(e.Msg), Err: e}
		if name, ok := strings.CutPrefix(e.Msg, "undefined: "); ok {
			name, _, _ = strings.Cut(name, " ")
			d.Msg = fmt.Sprintf("name %q is not defined", name)
			hinted := false
			if suggest != nil {
				d.Hints = suggest(name)
				hinted = len(d.Hints) > 0
			}
			if !hinted {
				d.Msg += diag.DidYouMean(name, known)
			}
		}
		out = append(out, d)
	}
	return capErrors(out).Err()
}

// capErrors keeps the first maxErrors.
func capErrors(l diag.List) diag.List {
	if len(l) > maxErrors {
		more := len(l) - maxErrors
		l = append(l[:maxErrors:maxErrors], &diag.Error{Msg: fmt.Sprintf("and %d more errors", more)})
	}
	return l
}

// article puts "a" or "an" before a type's name.
func article(s string) string {
	if s != "" && strings.ContainsRune("aeiou", rune(s[0])) {
		return "an " + s
	}
	return "a " + s
}

// quoteList renders names as `"a", "b" or "c"`.
func quoteList(names []string) string {
	q := make([]string, len(names))
	for i, n := range names {
		q[i] = fmt.Sprintf("%q", n)
	}
	if len(q) < 2 {
		return strings.Join(q, "")
	}
	return strings.Join(q[:len(q)-1], ", ") + " or " + q[len(q)-1]
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}
