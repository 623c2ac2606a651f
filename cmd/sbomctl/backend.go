package main

import (
	"context"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/engine"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/event"
	"github.com/sbomctl/sbomctl/engine/label"
	"github.com/sbomctl/sbomctl/engine/star"
	"github.com/sbomctl/sbomctl/rules"
	"github.com/sbomctl/sbomctl/rules/fetch"
)

// engineBackend opens workspaces with the engine and the embedded rules.
type engineBackend struct{}

func (engineBackend) Open(ctx context.Context, o options) (workspace, error) {
	overrides := map[string]string{}
	var errs diag.List
	for written, path := range o.Overrides {
		l, err := label.Parse(written, "", o.CwdPkg)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		overrides[l.String()] = path
	}
	if err := errs.Err(); err != nil {
		return nil, err
	}
	cacheDir, err := cacheFolder(o)
	if err != nil {
		return nil, err
	}
	fetcher := &fetch.Fetcher{Distdirs: o.DistDirs, Note: func(m string) { o.Events.Emit(event.Warning{Message: m}) }}
	w, err := engine.Open(ctx, engine.Options{
		Root: o.Root, CacheDir: cacheDir, OutDir: o.OutDir, Jobs: o.Jobs, KeepGoing: o.KeepGoing,
		SkipValidation: !o.RunValidations, AnalyseOnly: o.AnalyseOnly, ReadOnly: o.ReadOnly, Values: o.Env, Overrides: overrides,
		Events: o.Events, Rules: rules.Set(fetcher),
	})
	if err != nil {
		return nil, err
	}
	return &engineWorkspace{w, o.CwdPkg}, nil
}

func (b engineBackend) RuleDocs(ctx context.Context) ([]ruleDoc, error) {
	docs, err := b.Reference(ctx)
	return ruleDocs(docs.Rules), err
}

func (engineBackend) Reference(ctx context.Context) (engine.Docs, error) {
	return engine.EmbeddedDocs(ctx, rules.Set(nil))
}

func (engineBackend) Clean(ctx context.Context, o options, expunge bool) (bool, error) {
	dir, err := cacheFolder(o)
	if err != nil {
		return false, err
	}
	return engine.Clean(ctx, engine.Options{Root: o.Root, CacheDir: dir, OutDir: o.OutDir, Events: o.Events}, expunge)
}
func cacheFolder(o options) (string, error) {
	if o.CacheDir != "" {
		return o.CacheDir, nil
	}
	dir, err := cache.DefaultDir()
	if err != nil {
		return "", &diag.Error{Msg: "there is no folder for the cache: " + err.Error(), Hints: []string{"--disk_cache=DIR names one"}}
	}
	return dir, nil
}

// engineWorkspace adapts engine.Workspace to the commands.
type engineWorkspace struct {
	w      *engine.Workspace
	cwdPkg string
}

func (e *engineWorkspace) Build(_ context.Context, args []string) ([]output, error) {
	patterns, err := e.w.ParsePatterns(args, e.cwdPkg)
	if err != nil {
		return nil, err
	}
	built, err := e.w.Build(patterns)
	out := make([]output, len(built))
	for i, b := range built {
		out[i] = output{Label: b.Label, Path: b.Path}
	}
	return out, err
}

func (e *engineWorkspace) Complete(_ context.Context, prefix string) ([]string, error) {
	return e.w.Complete(prefix, e.cwdPkg)
}

func (e *engineWorkspace) RuleDocs(context.Context) ([]ruleDoc, error) {
	docs, err := e.w.RuleDocs()
	return ruleDocs(docs), err
}

func (e *engineWorkspace) Lock(ctx context.Context, target, indexURL string) (lockResult, error) {
	l, err := label.Parse(target, "", e.cwdPkg)
	if err != nil {
		return lockResult{}, err
	}
	r, err := rules.Lock(ctx, e.w, l, indexURL)
	return lockResult{Path: r.Path, Written: r.Written, Changes: r.Changes}, err
}

func (e *engineWorkspace) Close() { e.w.Close() }

// ruleDocs is the engine's documentation of rules in the words of the commands.
func ruleDocs(docs []star.RuleDoc) []ruleDoc {
	out := make([]ruleDoc, len(docs))
	for i, d := range docs {
		out[i] = ruleDoc{Name: d.Name, Doc: d.Doc}
		for _, a := range d.Attrs {
			out[i].Attrs = append(out[i].Attrs, attrDoc{
				Name: a.Name, Type: a.Type, Doc: a.Doc, Default: a.Default, Mandatory: a.Mandatory, Values: a.Values,
			})
		}
	}
	return out
}
