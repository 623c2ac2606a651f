package star

import (
	"fmt"
	"testing"

	"github.com/sbomctl/sbomctl/engine/label"
)

// TestTargetProviders gives a target another name by returning target.providers: the other name
// yields the same files and the same provider, and nothing is lost on the way.
func TestTargetProviders(t *testing.T) {
	w := newWorld(map[string]string{":r.star": `
A = provider(fields = ["x"])
B = provider(fields = ["y"])

def _thing(ctx):
    out = ctx.actions.declare_output(ctx.label.name + ".txt")
    ctx.actions.write(out, "hi")
    return [DefaultInfo(files = [out]), B(y = 2), A(x = out)]

thing = rule(implementation = _thing)

def _bare(ctx):
    return None

bare = rule(implementation = _bare)

def _same(ctx):
    providers = ctx.attr.actual.providers
    if ctx.attr.want != [type(p) for p in providers]:
        fail("providers are %s" % [type(p) for p in providers])
    if providers[0].files != ctx.attr.actual.files:
        fail("DefaultInfo has %s" % providers[0].files)
    return providers

same = rule(implementation = _same, attrs = {"actual": attr.label(allow_files = True), "want": attr.string_list()})
`, ":BUILD.star": `
load(":r.star", "bare", "same", "thing")
thing(name = "t")
bare(name = "b")
same(name = "other", actual = ":t", want = ["DefaultInfo", "A", "B"])
same(name = "another", actual = ":other", want = ["DefaultInfo", "A", "B"])
same(name = "nothing", actual = ":b", want = ["DefaultInfo"])
same(name = "file", actual = ":a.txt", want = ["DefaultInfo"])
`})
	for name, want := range map[string]string{
		"other":   "[//:r.star%A //:r.star%B] [{//:t 0 out t.txt}] B(y = 2)",
		"another": "[//:r.star%A //:r.star%B] [{//:t 0 out t.txt}] B(y = 2)",
		"nothing": "[] [] <nil>",
		"file":    "[] [{//: -1  a.txt}] <nil>",
	} {
		target := must[*Target](t)(w.analyse(label.Label{Name: name}))
		info := target.Provider("//:r.star%B")
		got := fmt.Sprint(target.Providers(), target.Files(), info)
		if info == nil {
			got = fmt.Sprint(target.Providers(), target.Files(), nil)
		}
		if got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}
