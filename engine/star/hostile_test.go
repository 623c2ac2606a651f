package star

import (
	"context"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sbomctl/sbomctl/engine/label"
)

// Each case that is ended by its steps is ended sooner.
func init() { maxSteps = 10e6 }

// Each of these would take all memory, all stack or for ever.
func TestHostile(t *testing.T) {
	if testing.Short() {
		t.Skip("some cases run up to the step limit")
	}
	doubling := func(name, first, step string, n int) string {
		var b strings.Builder
		b.WriteString("def f():\n  " + name + " = " + first + "\n  for _ in range(" + strconv.Itoa(n) + "):\n    " + name + " = " + step + "\n  return " + name + "\n")
		return b.String()
	}
	const steps = "it takes more than 10000000 steps"
	const tooLarge = "the result has more than"
	// keep is a loop that keeps what step makes of x.
	keep := func(first, step string) string {
		return "def f():\n  x = " + first + "\n  out = []\n  for _ in range(4000000):\n    out.append(" + step + ")\nf()"
	}
	for name, c := range map[string]struct{ text, want string }{
		"list repeat":        {"x = [0] * (1 << 40)", "repeating 1 elements 1099511627776 times"},
		"list repeat 29":     {"x = [0] * (1 << 29)", "repeating 1 elements 536870912 times"},
		"repeat left":        {"x = (1 << 29) * (0,)", "repeating 1 elements"},
		"string repeat":      {"x = 'x' * (1 << 40)", "repeating 1 bytes"},
		"augmented":          {"def f():\n  x = [0]\n  x *= 1 << 29\nf()", "repeating 1 elements"},
		"bytes repeat":       {"x = b'x' * (1 << 29)", "repeating 1 bytes"},
		"big repeat":         {"x = 'x' * (1 << 100)", "repeating 1 bytes"},
		"squaring":           {doubling("x", "3", "x * x", 60) + "f()", "the result has more than 1024 bits"},
		"int digits":         {"x = int('9' * 1000000)", "more than 256 digits"},
		"range":              {"x = list(range(1 << 40))", "range: more than"},
		"any range":          {"x = any([0 for _ in range(1)]) or sorted(range(1 << 30))", "range: more than"},
		"join":               {"x = ('x' * (1 << 20)).join(['a'] * (1 << 20))", "join: the result is longer than"},
		"getattr join":       {"x = getattr('x' * (1 << 20), 'join')(['a'] * (1 << 20))", "join: the result is longer than"},
		"replace":            {"x = ('a' * (1 << 20)).replace('a', 'b' * (1 << 20))", "replace: the result is longer than"},
		"replace empty":      {"x = ('a' * (1 << 20)).replace('', 'b' * (1 << 20))", "replace: the result is longer than"},
		"format":             {"x = ('{0}' * 1000).format('b' * (1 << 20))", "format: the result is longer than"},
		"str of a dag":       {doubling("x", "[1]", "[x, x]", 60) + "y = str(f())", "a value's text is longer than"},
		"repr of a dag":      {doubling("x", "[1]", "(x, x)", 60) + "def g():\n  y = repr(f())\ng()", "a value's text is longer than"},
		"percent of a dag":   {doubling("x", "[1]", "[x, x]", 60) + "y = '%s' % f()", "a value's text is longer than"},
		"format of a dag":    {doubling("x", "[1]", "[x, x]", 60) + "y = '{}'.format(f())", "a value's text is longer than"},
		"json of a dag":      {doubling("x", "[1]", "[x, x]", 60) + "y = json.encode(f())", "a value's text is longer than"},
		"fail with a dag":    {doubling("x", "[1]", "[x, x]", 60) + "fail(f())", "a value's text is longer than"},
		"print of a dag":     {doubling("x", "[1]", "[x, x]", 60) + "print(f())", "a value's text is longer than"},
		"deep str":           {doubling("x", "[1]", "[x]", 1000000) + "y = str(f())", "nested more than 100 deep"},
		"deep global":        {doubling("x", "[1]", "[x]", 1000000) + "y = f()", "a global value is nested more than"},
		"global tuple dag":   {doubling("x", "(1,)", "(x, x)", 60) + "y = f()", "the global values hold more than"},
		"deep json":          {"x = json.decode('[' * 1000000)", "nested more than 100 deep"},
		"steps":              {"def f():\n  for a in range(1000000):\n    for b in range(1000000): pass\nf()", steps},
		"string doubling":    {doubling("x", "'x' * 1000000", "x + x", 60) + "f()", tooLarge},
		"list doubling":      {doubling("x", "[0]", "x + x", 60) + "f()", tooLarge},
		"list in place":      {"def f():\n  x = [0]\n  for _ in range(60): x += x\nf()", tooLarge},
		"bound extend":       {"def f():\n  x = [0]\n  g = getattr(x, 'extend')\n  for _ in range(60): g(x)\nf()", tooLarge},
		"adding up":          {"def f():\n  x = []\n  y = [0] * 4000000\n  for _ in range(1000000): x += y\nf()", tooLarge},
		"extend itself":      {"def f():\n  x = [0]\n  for _ in range(60): x.extend(x)\nf()", tooLarge},
		"many copies":        {"def f():\n  x = [0] * 1000000\n  return [list(x) for _ in range(1000000)]\nf()", steps},
		"kept sums":          {keep("'x' * (8 << 20)", "x + 'a'"), steps},
		"kept sums in place": {"def f():\n  x = 'x' * (8 << 20)\n  out = []\n  for _ in range(4000000):\n    x += ''\n    out.append(x)\nf()", steps},
		"kept slices":        {keep("[0] * 1000000", "x[1:]"), steps},
		"kept tuple slices":  {keep("(0,) * 1000000", "x[::-1]"), steps},
		"kept reversed":      {keep("'x' * (8 << 20)", "x[::-1]"), steps},
		"kept formats":       {keep("'x' * (8 << 20)", "x % ()"), steps},
		"kept sorted":        {keep("[0] * 1000000", "sorted(x)"), steps},
		"kept spreads":       {"def g(*x): return x\n" + keep("[0] * 1000000", "g(*x)"), steps},
		"kept dict spreads":  {"def g(**x): return x\n" + keep("{str(i): i for i in range(10000)}", "g(**x)"), steps},
		"kept items":         {keep("{i: i for i in range(10000)}", "x.items()"), steps},
		"kept unions":        {keep("set(range(10000))", "x | x"), steps},
		"kept dict unions":   {keep("{i: i for i in range(10000)}", "x | x"), steps},
		"kept splits":        {keep("'a,' * 1000000", "x.split(',')"), steps},
		"kept uppers":        {keep("'a' * (8 << 20)", "x.upper()"), steps},
		"kept codepoints":    {keep("('a' * (8 << 20)).codepoints()", "list(x)"), steps},
		"kept texts":         {keep("['a' * (8 << 20)]", "str(x)"), steps},
		"kept JSON":          {keep("'a' * (8 << 20)", "json.encode(x)"), steps},
		"kept dicts":         {keep("0", "{}"), steps},
		"kept comprehended":  {keep("0", "{a: a for a in []}"), steps},
		"kept bound dicts":   {keep("0", "{}.clear"), steps},
		"dicts in lambdas":   {keep("lambda: {}", "[x(), {} if x else {}]"), steps},
		"kept big numbers":   {keep("1 << 500 << 500", "-x"), steps},
		"prints":             {"def f():\n  x = 'x' * (8 << 20)\n  for _ in range(4000000): print(x)\nf()", steps},
		"shifts":             {doubling("x", "1", "x << 500", 60) + "f()", "the result has more than 1024 bits"},
		"a big literal":      {"x = " + strings.Repeat("9", 1000), "m.star:1:5: the number has more than 1024 bits"},
		"JSON digits":        {"x = json.decode('9' * 1000)", "json.decode: a number has more than 256 digits"},
		"nested parens":      {"x = " + strings.Repeat("(", 1000000), "syntax error"},
		"nested lists":       {"x = " + strings.Repeat("[", 100000) + strings.Repeat("]", 100000), "syntax error"},
		"huge source":        {"#" + strings.Repeat("x", maxSource), "the file is larger than"},
		"many functions":     {strings.Repeat("lambda: 0\n", maxFuncs+1), "more than 20000 functions"},
		"compare dag":        {doubling("x", "[1]", "[x, x]", 60) + "y = f() == f()", "comparison exceeded maximum recursion depth"},
		"nested statements":  {deepIfs(1000), "syntax error"},
	} {
		t.Run(name, func(t *testing.T) {
			done := make(chan error, 1)
			ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
			defer cancel()
			go func() {
				_, err := ExecModule(ctx, Source{Label: label.Label{Name: "m.star"}, Bytes: []byte(c.text)}, nil)
				done <- err
			}()
			var err error
			select {
			case err = <-done:
			case <-time.After(90 * time.Second):
				t.Fatal("does not end")
			}
			if err == nil || !slices.ContainsFunc(strings.Split(c.want, "|"), func(want string) bool { return strings.Contains(err.Error(), want) }) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
		runtime.GC()
	}
}

func deepIfs(n int) string {
	var b strings.Builder
	b.WriteString("def f():\n")
	for i := range n {
		b.WriteString(strings.Repeat(" ", i+1) + "if x:\n")
	}
	b.WriteString(strings.Repeat(" ", n+1) + "pass\n")
	return b.String()
}

func TestHostilePackage(t *testing.T) {
	deep := "def deep():\n  x = 1\n  for _ in range(200): x = [x]\n  return x\ndef wide():\n  x = ['x' * 1000]\n  for _ in range(40): x = [x, x]\n  return x\ndef big(): return 'x' * (65 << 20)\n" +
		"def impl(ctx): pass\nr = rule(impl, attrs = {'a': attr.any(), 's': attr.string()})\n"
	for args, want := range map[string]string{
		"a = deep()":   `attribute "a": a value is nested more than 100 deep`,
		"a = wide()":   `attribute "a": the values take more than 16 MiB`,
		"a = {(1,):1}": `attribute "a": a tuple cannot be a dict's key`,
		"s = big()":    `repeating 1 bytes`,
	} {
		w := newWorld(map[string]string{":m.star": deep, ":BUILD.star": "load(':m.star', 'big', 'deep', 'r', 'wide')\nr(name = 'x', " + args + ")"})
		if _, err := w.pkg(""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", args, err, want)
		}
	}
	// Errors are counted, so that a loop does not produce a million.
	w := newWorld(map[string]string{":m.star": deep, ":BUILD.star": "load(':m.star', 'r')\n[r(name = 'x', nope = 1) for _ in range(1000000)]"})
	if _, err := w.pkg(""); err == nil || strings.Count(err.Error(), "\n") > maxErrors+1 || !strings.Contains(err.Error(), "more error") {
		t.Errorf("got %v", err)
	}
}

// What the guards wrap must mean what it meant.
func TestGuardsKeepMeaning(t *testing.T) {
	_, err := ExecModule(context.Background(), Source{Label: label.Label{Name: "m.star"}, Bytes: []byte(`
def check(got, want):
    if got != want or type(got) != type(want):
        fail("got %r, want %r" % (got, want))
def f():
    x = [1]
    x *= 3
    d = {"k": 2}
    d["k"] *= 21
    s = "%d"
    s %= 7
    check([x, d["k"], s], [[1, 1, 1], 42, "7"])
    check([3 * 4, 1.5 * 2, 2 * 1.5, 3 * "ab", "ab" * 3, [1] * 2, 2 * (1,), "x" * -1, "x" * 0, [] * 5], [12, 3.0, 3.0, "ababab", "ababab", [1, 1], (1, 1), "", "", []])
    check([7 % 3, 7.5 % 2, "%s=%d" % ("a", 1), "%s" % [1]], [1, 1.5, "a=1", "[1]"])
    check([",".join(["a", "b"]), "aXb".replace("X", "--"), "{}-{k}".format(1, k = 2), getattr("a", "join")(["x", "y"])], ["a,b", "a--b", "1-2", "xay"])
    check([struct(format = 1).format, str(1), repr("a"), len(range(3)), int("12"), int("z", 36), getattr("a", "nope", 3)], [1, "1", '"a"', 3, 12, 35, 3])
    check([(1 << 100) * 3, json.decode(json.encode({"a": [1, "]"]}))], [3802951800684688204490109616128, {"a": [1, "]"]}])
    e, i = {"k": ["%s"]}, 0
    e["k"][i] %= "x"
    n = 3
    n <<= 2
    y, z = [1], {"a": 1}
    y2, z2 = y, z
    y += [2]
    z |= {"b": 2}
    check([e, n, y2, z2, 1 << 3, 7 - 2, 6 & 3, 6 | 3, 6 ^ 3], [{"k": ["x"]}, 12, [1, 2], {"a": 1, "b": 2}, 8, 5, 2, 7, 5])
    check([{"a": 1} | {"b": 2}, set([1, 2]) - set([1]), [1, 2, 3][1:], (1, 2, 3)[::-1], "abc"[::2], [1, 2][:-1]], [{"a": 1, "b": 2}, set([2]), [2, 3], (3, 2, 1), "ac", [1]])
    check([max(*[1, 2]), dict(**{"a": 1}), {x: x for x in [1]}, {"a": {}}, list({"a": 1}.items()), sorted([2, 1]), zip([1], [2])], [2, {"a": 1}, {1: 1}, {"a": {}}, [("a", 1)], [1, 2], [(1, 2)]])
    check("a.b".split(".") == ["a", "b"] and hasattr("a", "join") and len(set([1, 1])) == 1, True)
f()
`)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"def f():\n  [0][len([]) - 0] %= 2": "m.star:2:20: %= of what is not a name, field or element\n  hint: write x = x % y",
		"x = 1 << 'a'":                      "got string, want int",
		"x = [1][1:'a']":                    "invalid end index",
		"x = 1 + 'a'":                       "unknown binary op: int + string",
		"x = [1] + 2":                       "unknown binary op: list + int",
		"x = 'a' * 'b'":                     "unknown binary op: string * string",
		"x = {} * 2":                        "unknown binary op: dict * int",
		"x = 1\ny = x.join":                 "int has no .join field or method",
		"x = ','.join([1])":                 "join: in list, want string, got int",
		"x = '%d' % 'a'":                    "%d format requires integer",
		"x = ','.jion([])":                  "string has no .jion field or method",
		"x = '{}'.format()":                 "tuple index out of range",
		"x = getattr('a', 'nope')":          "string has no .nope field or method",
	} {
		_, err := ExecModule(context.Background(), Source{Label: label.Label{Name: "m.star"}, Bytes: []byte(text)}, nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}
