package diag

import (
	"errors"
	"fmt"
	"testing"
)

func TestError(t *testing.T) {
	cause := errors.New("cause")
	e := &Error{Pos: Pos{"a", 1, 2}, Label: "//:x", Msg: "is wrong", Hints: []string{"do this", "or that"}, Err: cause}
	if got, want := e.Error(), "a:1:2: //:x: is wrong\n  hint: do this\n  hint: or that"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if !errors.Is(e, cause) {
		t.Error("the cause is out of reach")
	}
	if got := (&Error{Msg: "plain"}).Error(); got != "plain" {
		t.Errorf("got %q", got)
	}
}

func TestList(t *testing.T) {
	one, two := errors.New("one"), errors.New("two")
	if (List{}).Err() != nil || (List{one}).Err() != one {
		t.Error("a list of none or one is not what it holds")
	}
	nested := List{one, List{two, one}, fmt.Errorf("about %w", List{two})}
	got := Flatten(nested.Err())
	if len(got) != 2 || got[0] != one || got[1] != two {
		t.Errorf("got %q", got)
	}
	if !errors.Is(nested, two) || nested[:2].Error() != "one\ntwo\none" {
		t.Errorf("got %q", nested[:2].Error())
	}
	if Flatten(nil) != nil {
		t.Error("nothing flattens to something")
	}
}

func TestNearest(t *testing.T) {
	names := []string{"vendored_package", "source_tree", "source_dep", "expat"}
	for word, want := range map[string]string{
		"vendored_pakage": "vendored_package", "Source_Tree": "source_tree", "epxat": "expat", "expatt": "expat",
		"nothing_like_it": "", "": "", "sourcetree": "source_tree",
	} {
		if got := Nearest(word, names); got != want {
			t.Errorf("%q: got %q, want %q", word, got, want)
		}
	}
	if got := Nearest("b", []string{"c", "a"}); got != "a" {
		t.Errorf("a tie goes to %q", got)
	}
	if got := DidYouMean("expatt", names); got != `; did you mean "expat"?` {
		t.Errorf("got %q", got)
	}
	if got := DidYouMean("zzzzzz", names); got != "" {
		t.Errorf("got %q", got)
	}
}

func TestPos(t *testing.T) {
	for want, p := range map[string]Pos{
		"": {}, "a": File("a"), "a:3": {"a", 3, 0}, "a:3:4": {"a", 3, 4},
		"b:1:1": At("b", []byte("x\ny"), 0), "b:1:2": At("b", []byte("x\ny"), 1), "b:2:1": At("b", []byte("x\ny"), 2), "b:2:2": At("b", []byte("x\ny"), 99), "c:1:1": At("c", nil, -1),
	} {
		if got := p.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
