package convert

import (
	"bytes"
	"testing"
)

// TestCanonical holds the writer against the examples of RFC 8785, sections 3.2.2 and 3.2.3.
func TestCanonical(t *testing.T) {
	for _, c := range []struct {
		value any
		want  string
	}{
		{object{"b": int64(1), "a": []any{"x", object{}}, "C": []string{"z"}}, `{"C":["z"],"a":["x",{}],"b":1}`},
		{"\u20ac$\u000f\nA'B\"\\\\\"/", `"€$\u000f\nA'B\"\\\\\"/"`},
		{"\b\f\r\t\u007f\u2028<&>", "\"\\b\\f\\r\\t\u007f\u2028<&>\""},
		{"\ufffd\xff", "\"\ufffd\ufffd\""}, // a byte that is no text
	} {
		var b bytes.Buffer
		if err := writeCanonical(&b, c.value); err != nil || b.String() != c.want {
			t.Errorf("%q is written %s, want %s (%v)", c.value, b.String(), c.want, err)
		}
	}
}

// TestUUID: it is what others make of a URL.
func TestUUID(t *testing.T) {
	if got, want := uuid("https://example.org/x"), "fdb420ba-c7a0-5bc0-b348-39fd508cc82c"; got != want {
		t.Errorf("it is %s, want %s", got, want)
	}
}

func TestAgent(t *testing.T) {
	for text, want := range map[string]agent{
		"Organization: Example (a@example.org)": {"Organization", "Example", "a@example.org"},
		"Person: A (not an address)":            {"Person", "A (not an address)", ""},
		"Tool: x-1.0 (a@example.org)":           {"Tool", "x-1.0 (a@example.org)", ""},
		"NOASSERTION":                           {"", "NOASSERTION", ""},
		"Somebody: else":                        {"", "Somebody: else", ""},
	} {
		if got := parseAgent(text); got != want || got.String() != text {
			t.Errorf("%s is %+v, again %s", text, got, got)
		}
	}
	for text, want := range map[string][2]string{"sbomctl-1.2.3": {"sbomctl", "1.2.3"}, "a-b-v2": {"a-b", "v2"}, "other tool": {"other tool", ""}, "x-": {"x-", ""}} {
		if name, version := tool(text); name != want[0] || version != want[1] {
			t.Errorf("%s is %q %q", text, name, version)
		}
	}
}
