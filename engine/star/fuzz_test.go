package star

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/sbomctl/sbomctl/engine/label"
)

func seeds(f *testing.F) (*Package, *Target) {
	w := newWorld(map[string]string{":rules.star": rulesStar, ":BUILD.star": loadRules + `
thing(name = "a", version = "1", srcs = ["x"], evidence = [regex("a", "b")], extra = {"a": [1, -1, 1 << 80, None, True]}, data = ["x.txt"], waivers = [waive("drift", path = "a/*", reason = "r", until = "2027-03-01")])
alias(name = "b", actual = ":a")
macro(name = "m", version = "1")
`})
	p, err := w.pkg("")
	if err != nil {
		f.Fatal(err)
	}
	t, err := w.analyse(label.Label{Name: "b"})
	if err != nil {
		f.Fatal(err)
	}
	return p, t
}

func FuzzDecodeTarget(f *testing.F) {
	_, t := seeds(f)
	f.Add(t.Encode())
	f.Add(SourceFile(label.Label{Name: "x"}).Encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		target, err := DecodeTarget(b)
		if err != nil {
			return
		}
		if string(target.Encode()) != string(b) {
			t.Fatal("another encoding")
		}
		target.Files()
		target.Actions()
		for _, id := range target.Providers() {
			_ = target.Provider(id).String()
		}
	})
}

func FuzzDecodeDeclaration(f *testing.F) {
	p, _ := seeds(f)
	for _, d := range p.Targets() {
		f.Add(d.Encode())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := DecodeDeclaration(b)
		if err != nil {
			return
		}
		d.Deps()
		d.Attrs()
		d.Tags()
		if len(DiffDeclarations(b, b)) > 0 {
			t.Fatal("differs from itself")
		}
	})
}

func FuzzDecodePackage(f *testing.F) {
	p, _ := seeds(f)
	f.Add(p.Encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := DecodePackage(b)
		if err != nil {
			return
		}
		for _, d := range p.Targets() {
			p.Site(d.Label.Name)
		}
		p.Missing("x")
	})
}

// Whatever the text of a BUILD.star, there is a package or a diagnostic.
func FuzzExecPackage(f *testing.F) {
	f.Add(loadRules + `thing(name = "a", version = "1", deps = [":b"] * 3)`)
	f.Add(`x = "%s" % [y for y in range(10)] + ",".join(["a"]).replace("a", "b")`)
	f.Add(`package(default_visibility = ["//a:__pkg__"])`)
	if b, err := os.ReadFile("star_test.go"); err == nil {
		f.Add(string(b))
	}
	rules := newWorld(map[string]string{":rules.star": rulesStar})
	f.Fuzz(func(t *testing.T, text string) {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		src := Source{Label: label.Label{Pkg: "p", Name: "BUILD.star"}, Bytes: []byte(text)}
		Loads(&src)
		p, err := ExecPackage(ctx, PackageInput{Name: "p", Source: src, Load: rules.load})
		if err != nil {
			allDiagnostics(t, err)
			return
		}
		if again, err := DecodePackage(p.Encode()); err != nil || string(again.Encode()) != string(p.Encode()) {
			t.Fatalf("does not survive encoding: %v", err)
		}
	})
}
