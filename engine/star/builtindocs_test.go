package star

import (
	"slices"
	"strings"
	"testing"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

// TestBuiltinDocs wants an entry for each built-in name, and no entry for any other.
func TestBuiltinDocs(t *testing.T) {
	want := []string{"load"}
	for _, d := range []starlark.StringDict{moduleBuiltins, buildBuiltins} {
		for name, v := range d {
			if _, std := starlark.Universe[name]; std && name != "fail" || !identifier(name) {
				continue // Starlark's own (whose fail has no attr), and what operators are turned into
			}
			if m, ok := v.(*starlarkstruct.Module); ok && name == "attr" {
				for member := range m.Members {
					want = append(want, name+"."+member)
				}
				continue
			}
			want = append(want, name)
		}
	}
	for _, name := range actionNames {
		want = append(want, "ctx.actions."+name)
	}
	want = append(want, "ctx.option")
	slices.Sort(want)
	want = slices.Compact(want)
	var got []string
	for _, d := range BuiltinFunctions() {
		got = append(got, d.Name)
		if d.Name != "json" && !strings.HasPrefix(d.Signature, d.Name+"(") || d.Doc == "" {
			t.Errorf("%s: signature %q, documentation %q", d.Name, d.Signature, d.Doc)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("documented are\n%q\nbuilt in are\n%q", got, want)
	}
	types := map[string][]string{
		"ctx": ctxNames, "Target": (&targetValue{}).AttrNames(), "Label": labelValue{}.AttrNames(), "File": (&artifactValue{}).AttrNames(),
		"Tree": (&treeValue{}).AttrNames(), "FileSet": (&fileSetValue{}).AttrNames(),
	}
	for _, d := range BuiltinTypes() {
		var fields []string
		for _, f := range d.Fields {
			fields = append(fields, f.Name)
		}
		if !slices.Equal(fields, types[d.Name]) {
			t.Errorf("%s: documented are %q, it has %q", d.Name, fields, types[d.Name])
		}
		delete(types, d.Name)
	}
	if len(types) > 0 {
		t.Errorf("not documented: %v", types)
	}
}

// TestBuiltinDocParameters calls each function with each documented parameter alone: whatever is wrong with the
// call, the function must know the parameter.
func TestBuiltinDocParameters(t *testing.T) {
	function := func(name string) starlark.Value {
		first, rest, dotted := strings.Cut(name, ".")
		an := &analysis{in: AnalysisInput{Declaration: &Declaration{}}}
		switch {
		case strings.HasPrefix(name, "ctx.actions."):
			v, _ := (&actionsValue{an}).Attr(strings.TrimPrefix(name, "ctx.actions."))
			return v
		case first == "ctx":
			v, _ := (&ctxValue{an: an}).Attr(rest)
			return v
		case dotted:
			return moduleBuiltins[first].(*starlarkstruct.Module).Members[rest]
		case moduleBuiltins[name] != nil:
			return moduleBuiltins[name]
		}
		return buildBuiltins[name]
	}
	for _, d := range BuiltinFunctions() {
		if d.Name == "load" || d.Name == "json" || d.Name == "struct" {
			continue
		}
		_, args, _ := strings.Cut(d.Doc, "\n\nArgs:\n")
		for line := range strings.Lines(args) {
			param, _, _ := strings.Cut(strings.TrimSpace(line), ": ")
			if !strings.Contains(d.Signature, param) {
				t.Errorf("%s documents %s, which its signature %s lacks", d.Name, param, d.Signature)
			}
			if strings.Contains(d.Signature, "*"+param) {
				continue
			}
			thread := &starlark.Thread{}
			thread.SetLocal(localPackage, &packageState{out: &Package{}})
			_, err := starlark.Call(thread, function(d.Name), nil, []starlark.Tuple{{starlark.String(param), starlark.MakeInt(7)}})
			if err != nil && (strings.Contains(err.Error(), "unexpected keyword") || strings.Contains(err.Error(), "no field")) {
				t.Errorf("%s(%s = 7): %v", d.Name, param, err)
			}
		}
	}
}
