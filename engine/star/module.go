package star

import (
	"context"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/label"
)

// Module is an executed .star file: frozen globals. It may be used concurrently.
type Module struct {
	Warnings []string // what print() was told

	label    label.Label
	doc      string
	names    []string // of globals, in order of definition
	globals  starlark.StringDict
	exported starlark.StringDict // globals without a leading underscore
}

// Label returns the module's own label.
func (m *Module) Label() label.Label { return m.label }

// ExecModule executes a .star file. load returns the modules that it loads; finding cycles is
// up to the caller. All errors that are found are reported together, each a *diag.Error; a
// cancelled ctx yields its error.
func ExecModule(ctx context.Context, src Source, load LoadFunc) (*Module, error) {
	prog, err := compile(src, moduleBuiltins, false, load)
	if err != nil {
		return nil, err
	}
	m := &Module{label: src.Label, names: prog.globals, exported: starlark.StringDict{}}
	if len(prog.file.Stmts) > 0 {
		if s, ok := prog.file.Stmts[0].(*syntax.ExprStmt); ok {
			if lit, ok := s.X.(*syntax.Literal); ok && lit.Token == syntax.STRING {
				m.doc, _ = lit.Value.(string)
			}
		}
	}
	thread, release := newThread(ctx, src.path(), func(msg string) { m.Warnings = append(m.Warnings, msg) })
	defer release()
	thread.SetLocal(localModule, src.Label)
	globals, err := prog.run(thread, moduleBuiltins)
	if err != nil {
		return nil, runtimeError(ctx, err, "")
	}
	m.globals = globals
	for _, name := range prog.globals { // the first global that a rule is assigned to names it
		switch v := globals[name].(type) {
		case *Rule:
			if v.id == "" {
				v.id, v.name = src.Label.String()+"%"+name, name
			}
		case *Provider:
			if v.id == "" {
				v.id, v.name = src.Label.String()+"%"+name, name
			}
		}
	}
	roots := make([]starlark.Value, 0, len(globals))
	for _, name := range globals.Keys() {
		roots = append(roots, globals[name])
		if name[0] != '_' {
			m.exported[name] = globals[name]
		}
	}
	if err := checkReach(roots); err != nil {
		return nil, &diag.Error{Pos: diag.File(src.path()), Msg: err.Error()}
	}
	globals.Freeze()
	return m, nil
}

// Rule returns the rule that the module assigned to that global, nil when there is none. A rule
// that it only loaded belongs to another module.
func (m *Module) Rule(name string) *Rule {
	if r, ok := m.globals[name].(*Rule); ok && r.id == m.label.String()+"%"+name {
		return r
	}
	return nil
}

// Exports returns the names that a load statement may ask of the module, sorted.
func (m *Module) Exports() []string { return m.exported.Keys() }
