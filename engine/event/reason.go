package event

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Chain returns r and the reasons below it, from the node down to the leaf that changed first.
func (r *Reason) Chain() []*Reason {
	var chain []*Reason
	for ; r != nil; r = r.From {
		chain = append(chain, r)
	}
	return chain
}

// String says one step of a reason in words, such as
// `input "expat.h" changed 12ab34cd -> 56ef7890`. It holds no control characters.
func (r *Reason) String() string {
	if r == nil {
		return "reason not recorded"
	}
	switch name := Printable(r.Name); r.Cause {
	case NoTrace:
		return "not built before"
	case Input:
		if isDigest(r.Old) && isDigest(r.New) {
			return "input " + name + change(shortDigest(r.Old), shortDigest(r.New))
		}
		old, new := excerpt(r.Old, r.New)
		return "input " + name + change(old, new)
	case Attribute:
		old, new := excerpt(r.Old, r.New)
		return "attribute " + name + change(old, new)
	case Lost:
		if name == "" {
			return "an output is gone from the cache"
		}
		return "output " + name + " is gone from the cache"
	case Forced:
		return "the engine was replaced"
	}
	return "cause " + strconv.Itoa(int(r.Cause))
}

// Brief is the first step and, where the chain is longer, what started it: the attribute that
// somebody edited, and of which target, or else the leaf.
func (r *Reason) Brief() string {
	chain := r.Chain()
	if len(chain) < 2 {
		return r.String()
	}
	for i, step := range chain[1:] {
		if step.Cause == Attribute {
			old, new := excerpt(step.Old, step.New)
			return r.String() + ", because attribute " + Printable(step.Name) + " of " + Printable(chain[i].Name) + change(old, new)
		}
	}
	return r.String() + ", because " + chain[len(chain)-1].String()
}

// Full is every step of the chain.
func (r *Reason) Full() string {
	if r == nil {
		return r.String()
	}
	var steps []string
	for _, step := range r.Chain() {
		steps = append(steps, step.String())
	}
	return strings.Join(steps, ", because ")
}

// change words a difference; an empty side is one that does not exist.
func change(old, new string) string {
	switch {
	case old == "" && new == "":
		return " changed"
	case old == "":
		return " is new: " + new
	case new == "":
		return " is gone: " + old
	}
	return " changed " + old + " -> " + new
}

// isDigest tells a SHA-256 (or no value) from the value of an option or of another small leaf.
func isDigest(s string) bool {
	return s == "" || len(s) == 64 && strings.Trim(s, "0123456789abcdef") == ""
}

// shortDigest is enough of a digest to tell two apart by eye; the event file has all of it.
func shortDigest(hex string) string { return hex[:min(len(hex), 8)] }

// excerptRunes is how much of an attribute's value a line shows.
const excerptRunes = 60

// excerpt quotes two values and cuts long ones to the part around their first difference,
// so that two long lists that differ in one element do not look the same.
func excerpt(old, new string) (string, string) {
	a, b := []rune(old), []rune(new)
	same := 0
	for same < len(a) && same < len(b) && a[same] == b[same] {
		same++
	}
	cut := func(value string, runes []rune) string {
		if value == "" {
			return ""
		}
		if len(runes) <= excerptRunes {
			return strconv.Quote(value)
		}
		from := min(max(0, same-excerptRunes/3), len(runes)-1)
		to := min(from+excerptRunes, len(runes))
		quoted := strconv.Quote(string(runes[from:to]))
		if from > 0 {
			quoted = "..." + quoted
		}
		if to < len(runes) {
			quoted += "..."
		}
		return quoted
	}
	return cut(old, a), cut(new, b)
}

// Title names a node for a reader: its target first, then what is done for it, as in
// "//:expat (Checksums)". A node without a target is named by its display name.
func Title(label, name string) string {
	what := strings.TrimSpace(strings.TrimPrefix(strings.TrimSuffix(name, label), label+" "))
	switch {
	case label == "":
		return Printable(name)
	case what == "":
		return Printable(label)
	}
	return Printable(label) + " (" + Printable(what) + ")"
}

// Printable returns s with every control, formatting or otherwise invisible character and
// every invalid byte written as a Go escape (\n, \x1b, \u202e): names come from hostile
// files, and must not move a reader's cursor or forge a line.
func Printable(s string) string {
	clean := true
	for i, r := range s {
		if !strconv.IsPrint(r) || r == utf8.RuneError && !strings.HasPrefix(s[i:], "\ufffd") {
			clean = false
			break
		}
	}
	if clean {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		if strconv.IsPrint(r) && (r != utf8.RuneError || size > 1) {
			b.WriteString(s[:size])
		} else {
			quoted := strconv.Quote(s[:size])
			b.WriteString(quoted[1 : len(quoted)-1])
		}
		s = s[size:]
	}
	return b.String()
}
