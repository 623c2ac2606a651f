package main

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"
)

// TestReference compares docs/rules.md and docs/findings.md with what `sbomctl help --markdown` prints; -update
// rewrites them.
func TestReference(t *testing.T) {
	docs, err := embeddedDocs(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var rules, findings bytes.Buffer
	writeReference(&rules, docs)
	writeFindings(&findings, docs.Findings)
	sameReference(t, "../../docs/rules.md", rules)
	sameReference(t, "../../docs/findings.md", findings)
}

func sameReference(t *testing.T, path string, b bytes.Buffer) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, b.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b.Bytes(), want) {
		t.Errorf("%s is not what the doc strings say; go test ./cmd/sbomctl -run TestReference -update writes it", path)
	}
}

// TestDocumented wants a doc string of everything in Starlark that the reference lists; the packages of what is
// in Go have such tests of their own.
func TestDocumented(t *testing.T) {
	docs, err := embeddedDocs(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if len(docs.Rules) == 0 || len(docs.Functions) == 0 || len(docs.Providers) == 0 {
		t.Fatalf("%d rules, %d functions, %d providers", len(docs.Rules), len(docs.Functions), len(docs.Providers))
	}
	need := func(what, doc string) {
		if strings.TrimSpace(doc) == "" {
			t.Errorf("%s has no doc string", what)
		}
	}
	for _, r := range docs.Rules {
		need("rule "+r.Name, r.Doc)
		for _, a := range r.Attrs {
			need("attribute "+a.Name+" of "+r.Name, a.Doc)
		}
	}
	for _, f := range docs.Functions {
		need("function "+f.Name, f.Doc)
	}
	seen := map[string]bool{}
	for _, name := range topicNames(docs) {
		if seen[name] {
			t.Errorf("%s means two things", name)
		}
		seen[name] = true
	}
	for _, f := range docs.Findings {
		need("finding "+f.ID, f.Title)
		need("finding "+f.ID, f.Help)
		if f.Severity == 0 || strings.HasSuffix(f.Title, ".") || strings.ContainsAny(f.Title, "\n|") {
			t.Errorf("finding %s: severity %v, title %q", f.ID, f.Severity, f.Title)
		}
	}
	for _, p := range docs.Providers {
		need("provider "+p.Name, p.Doc)
		for _, f := range p.Fields {
			need("field "+f.Name+" of "+p.Name, f.Doc)
		}
	}
}

func TestMarkdownHelp(t *testing.T) {
	r := newRun(t, nil)
	if code := r.run("help", "--markdown"); code != 0 || !strings.Contains(r.stdout.String(), "\n# Rules\n") || r.stderr.Len() > 0 {
		t.Errorf("exit %d, stdout %q, stderr %q", code, r.stdout.String(), r.stderr.String())
	}
	r.want(t, 2, "", "sbomctl: error: help --markdown prints all rules, not just \"regex\"\n", "help", "--markdown", "regex")
}
