package main

import (
	"strings"
	"testing"
)

func TestPlain(t *testing.T) {
	for md, want := range map[string]string{
		"a `b` **c** [d](#d)":            "a b c d",
		"[x](https://a.example/y) z":     "x (https://a.example/y) z",
		"`*` is any part, `**` any":      "* is any part, ** any",
		"`[a](b)` and **`c`**":           "[a](b) and c",
		"2 ** 3 ** 4, a_b_c, an open ` ": "2 ** 3 ** 4, a_b_c, an open ` ",
		"**strong words** here":          "strong words here",
	} {
		if got := plain(md); got != want {
			t.Errorf("%q: got %q, want %q", md, got, want)
		}
	}
}

func TestWriteText(t *testing.T) {
	const md = `One paragraph of
several lines that are joined.

- an item that is
  continued
- another

    code   as it is, however long the line may be

` + "```python\nfenced(\n    x)\n```\n" + `
A_word_that_is_wider_than_the_line end.
`
	const want = `> One paragraph of
> several lines that
> are joined.

> - an item that is
>   continued
> - another

>     code   as it is, however long the line may be

>     fenced(
>         x)

> A_word_that_is_wider_than_the_line
> end.
`
	var b strings.Builder
	writeText(&b, md, "> ", 22)
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

func TestWriteDefinitions(t *testing.T) {
	rows := []definition{{"a", "one two three four five six seven eight"}, {"long", ""}, {"b", "`x`"}}
	for width, want := range map[int]string{
		40: "  a     one two three four five six\n        seven eight\n  long\n  b     x\n",
		20: "  a\n      one two three\n      four five six\n      seven eight\n  long\n  b\n      x\n",
	} {
		var b strings.Builder
		writeDefinitions(&b, rows, width)
		if b.String() != want {
			t.Errorf("%d columns: got\n%s\nwant\n%s", width, b.String(), want)
		}
	}
}
