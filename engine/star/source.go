package star

import (
	"fmt"
	"math/big"
	"path"
	"strings"

	"go.starlark.net/resolve"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/label"
)

// Source is one Starlark file.
type Source struct {
	Label label.Label // of the file itself: "//pkg:BUILD.star", "@sbomctl//:rules.star"
	Path  string      // as errors show it; "" means the label's path
	Bytes []byte
	// Suggest returns hints for an undefined name, such as the load statement that would define
	// it; may be nil.
	Suggest func(name string) []string

	file *syntax.File // what Loads has parsed, for the one execution that follows
}

func (s Source) path() string {
	if s.Path != "" {
		return s.Path
	}
	if s.Label.Repo != "" {
		return s.Label.String()
	}
	return s.Label.Path()
}

// LoadFunc returns the module of a label that a load statement names. A *diag.Error without
// position is reported at that statement.
type LoadFunc func(label.Label) (*Module, error)

// options are the dialect.
var options = &syntax.FileOptions{Set: true}

// program is a compiled file and what it loads.
type program struct {
	source  Source
	file    *syntax.File
	prog    *starlark.Program
	globals []string                       // in order of first binding
	loaded  map[string]starlark.StringDict // by module string as written
	calls   map[callPos]*syntax.CallExpr   // of a BUILD.star, by the position of "("
}

// callPos is a line and column.
type callPos struct{ line, col int32 }

// compile parses, checks and resolves src, and loads what it loads.
func compile(src Source, predeclared starlark.StringDict, build bool, load LoadFunc) (*program, error) {
	file, err := src.file, error(nil)
	if file == nil {
		if file, err = Parse(src.path(), src.Bytes); err != nil {
			return nil, err
		}
	}
	p := &program{source: src, file: file, loaded: map[string]starlark.StringDict{}}
	if err := p.checkTree(build); err != nil {
		return nil, err
	}
	if err := p.load(load); err != nil {
		return nil, err
	}
	names := bound(file)
	instrument(file)
	isPredeclared := func(name string) bool { return predeclared.Has(name) || guards.Has(name) }
	p.prog, err = starlark.FileProgram(file, isPredeclared)
	if err != nil {
		known := append(append(names, predeclared.Keys()...), starlark.Universe.Keys()...)
		return nil, staticErrors(err, known, src.Suggest)
	}
	for _, b := range file.Module.(*resolve.Module).Globals {
		p.globals = append(p.globals, b.First.Name)
	}
	return p, nil
}

// Parse returns the syntax tree of a file in the dialect, with the errors that executing it would have; path is what they call it.
// Names are not resolved.
func Parse(path string, content []byte) (*syntax.File, error) {
	if len(content) > maxSource {
		return nil, &diag.Error{Pos: diag.File(path), Msg: fmt.Sprintf("the file is larger than %d MiB", maxSource>>20)}
	}
	if err := diag.CheckText(path, content); err != nil {
		return nil, err
	}
	file, err := options.Parse(path, content, 0)
	if err != nil {
		return nil, staticErrors(err, nil, nil)
	}
	return file, nil
}

// checkTree enforces what the dialect has beyond the parser's options, and indexes calls.
func (p *program) checkTree(build bool) error {
	var errs diag.List
	if build {
		p.calls = map[callPos]*syntax.CallExpr{}
	}
	funcs := 0
	function := func(pos syntax.Position, what string) {
		if funcs++; build {
			errs = append(errs, &diag.Error{Pos: position(pos),
				Msg:   fmt.Sprintf("%s in a BUILD.star; functions are defined in .star files", what),
				Hints: []string{`move it to a .star file and write load(":name.star", "function")`}})
		}
	}
	syntax.Walk(p.file, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.DefStmt:
			function(n.Def, "def "+n.Name.Name)
			return !build // one error is enough for all that is in it
		case *syntax.LambdaExpr:
			function(n.Lambda, "lambda")
		case *syntax.AssignStmt:
			if op, ok := expanded[n.Op]; ok && again(n.LHS) == nil {
				errs = append(errs, &diag.Error{Pos: position(n.OpPos), Msg: fmt.Sprintf("%s of what is not a name, field or element", n.Op),
					Hints: []string{fmt.Sprintf("write x = x %s y", op)}})
			}
		case *syntax.Literal:
			if i, ok := n.Value.(*big.Int); ok && i.BitLen() > maxBits {
				errs = append(errs, &diag.Error{Pos: position(n.TokenPos), Msg: fmt.Sprintf("the number has more than %d bits", maxBits)})
			}
		case *syntax.CallExpr:
			if build {
				p.calls[callPos{n.Lparen.Line, n.Lparen.Col}] = n
			}
		}
		return true
	})
	if funcs > maxFuncs {
		errs = append(errs, &diag.Error{Pos: diag.File(p.source.path()), Msg: fmt.Sprintf("the file has more than %d functions", maxFuncs)})
	}
	return capErrors(errs).Err()
}

// load loads the modules of every load statement, collecting errors.
func (p *program) load(load LoadFunc) error {
	var errs diag.List
	for _, stmt := range p.file.Stmts {
		ld, ok := stmt.(*syntax.LoadStmt)
		if !ok {
			continue
		}
		name := ld.ModuleName()
		globals, done := p.loaded[name]
		if !done {
			m, err := p.loadOne(name, load)
			if err != nil {
				errs = append(errs, atPosition(err, position(ld.Module.TokenPos)))
				continue
			}
			globals = m.exported
			p.loaded[name] = globals
		}
		for _, from := range ld.From {
			if _, ok := globals[from.Name]; !ok && !strings.HasPrefix(from.Name, "_") {
				errs = append(errs, &diag.Error{Pos: position(from.NamePos),
					Msg: fmt.Sprintf("%s does not define %q", name, from.Name) + diag.DidYouMean(from.Name, globals.Keys())})
			}
		}
	}
	return capErrors(errs).Err()
}

func (p *program) loadOne(name string, load LoadFunc) (*Module, error) {
	l, err := label.Parse(name, p.source.Label.Repo, p.source.Label.Pkg)
	if err != nil {
		return nil, err
	}
	if !loadable(l) {
		return nil, &diag.Error{Msg: fmt.Sprintf("%q cannot be loaded: only .star files other than BUILD.star can", name)}
	}
	if load == nil {
		return nil, &diag.Error{Msg: fmt.Sprintf("%q cannot be loaded here", name)}
	}
	return load(l)
}

func loadable(l label.Label) bool {
	return strings.HasSuffix(l.Name, ".star") && path.Base(l.Name) != "BUILD.star"
}

// Load is one load statement of a file.
type Load struct {
	Label label.Label
	Pos   diag.Pos // of the label
	Names []string // that the statement binds, in order
}

// Loads returns what src loads, in order, without loading it: to fetch modules in parallel
// and to name the site of each edge of a cycle. Statements with a label that cannot be loaded are left
// out, for load to report; a file that does not parse loads nothing. The parsed file is kept in
// src, which may be executed once.
func Loads(src *Source) []Load {
	file, err := Parse(src.path(), src.Bytes)
	if err != nil {
		return nil
	}
	src.file = file
	var out []Load
	for _, stmt := range file.Stmts {
		if ld, ok := stmt.(*syntax.LoadStmt); ok {
			if l, err := label.Parse(ld.ModuleName(), src.Label.Repo, src.Label.Pkg); err == nil && loadable(l) {
				names := make([]string, len(ld.To))
				for i, to := range ld.To {
					names[i] = to.Name
				}
				out = append(out, Load{l, position(ld.Module.TokenPos), names})
			}
		}
	}
	return out
}

// atPosition gives err the position unless it has one.
func atPosition(err error, pos diag.Pos) error {
	if d, ok := err.(*diag.Error); ok && d.Pos.IsZero() {
		c := *d
		c.Pos = pos
		return &c
	}
	return err
}

// bound returns the names that the file's statements bind at top level.
func bound(f *syntax.File) []string {
	var out []string
	for _, stmt := range f.Stmts {
		switch s := stmt.(type) {
		case *syntax.DefStmt:
			out = append(out, s.Name.Name)
		case *syntax.AssignStmt:
			if id, ok := s.LHS.(*syntax.Ident); ok {
				out = append(out, id.Name)
			}
		case *syntax.LoadStmt:
			for _, to := range s.To {
				out = append(out, to.Name)
			}
		}
	}
	return out
}

// run executes the program.
func (p *program) run(thread *starlark.Thread, predeclared starlark.StringDict) (starlark.StringDict, error) {
	thread.Load = func(_ *starlark.Thread, name string) (starlark.StringDict, error) {
		return p.loaded[name], nil
	}
	return p.prog.Init(thread, predeclared)
}
