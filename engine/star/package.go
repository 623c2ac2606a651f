package star

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"go.starlark.net/starlark"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/label"
)

// Thread-local keys: what is being evaluated.
const (
	localModule  = "module"  // label.Label, while a .star file runs
	localPackage = "package" // *packageState, while a BUILD.star runs
)

// Package is what a BUILD.star declares. Unlike a Declaration it knows positions.
type Package struct {
	Warnings []string // what print() was told, each "file:line:col: text"

	name    string
	path    string // of the BUILD.star, as errors show it
	targets []*Declaration
	sites   []site
	calls   []callSite
	index   map[string]int

	waivers   []Waiver            // of all targets
	waiversOf map[string][]Waiver // by the target's name

	once sync.Once // of index, in a decoded package
}

// Name returns the package's directory, "" for the root.
func (p *Package) Name() string { return p.name }

// Targets returns the declarations in the order in which they were made.
func (p *Package) Targets() []*Declaration { return p.targets }

// Target returns the declaration of that name, nil when there is none.
func (p *Package) Target(name string) *Declaration {
	if i, ok := p.lookup(name); ok {
		return p.targets[i]
	}
	return nil
}

func (p *Package) lookup(name string) (int, bool) {
	p.once.Do(func() {
		if p.index == nil {
			p.index = make(map[string]int, len(p.targets))
			for i, d := range p.targets {
				p.index[d.Label.Name] = i
			}
		}
	})
	i, ok := p.index[name]
	return i, ok
}

// Missing returns the error for a target that the package does not have, with the nearest name.
func (p *Package) Missing(name string) *diag.Error {
	names := make([]string, len(p.targets))
	for i, d := range p.targets {
		names[i] = d.Label.Name
	}
	l := label.Label{Pkg: p.name, Name: name}
	e := &diag.Error{Msg: fmt.Sprintf("no target %s", l)}
	if near := diag.Nearest(name, names); near != "" {
		e.Msg += fmt.Sprintf("; did you mean %q?", label.Label{Pkg: p.name, Name: near})
	}
	count := "1 target"
	if n := len(p.targets); n != 1 {
		count = fmt.Sprintf("%d targets", n)
	}
	e.Msg += fmt.Sprintf(" (%s declares %s)", p.path, count)
	return e
}

// PackageInput is what ExecPackage works on.
type PackageInput struct {
	Name   string // the package's directory, "" for the root
	Source Source // its BUILD.star
	Load   LoadFunc
	// Glob returns the package's files that match, sorted; patterns are relative to the package.
	Glob func(include, exclude []string) ([]string, error)
	// WaiverPath says what is wrong with the path of a waiver, a pattern; it may be nil.
	WaiverPath func(pattern string) error
}

// packageState is a package that is being evaluated.
type packageState struct {
	ctx        context.Context
	in         PackageInput
	program    *program
	out        *Package
	callIDs    map[callPos]int
	visibility starlark.Value // default_visibility in canonical form; nil for public
	defaults   bool           // package() was called
	errs       diag.List
	bytes      int       // of the targets
	declaring  declaring // the declaration that is being made
}

var errTooMany = errors.New("too many errors")

// ExecPackage evaluates a BUILD.star. All errors that are found are reported together, each a
// *diag.Error; a cancelled ctx yields its error.
func ExecPackage(ctx context.Context, in PackageInput) (*Package, error) {
	prog, err := compile(in.Source, buildBuiltins, true, in.Load)
	if err != nil {
		return nil, err
	}
	p := &packageState{
		ctx: ctx, in: in, program: prog,
		out:     &Package{name: in.Name, path: in.Source.path(), index: map[string]int{}},
		callIDs: map[callPos]int{},
	}
	thread, release := newThread(ctx, p.out.path, func(msg string) { p.out.Warnings = append(p.out.Warnings, msg) })
	defer release()
	thread.SetLocal(localPackage, p)
	_, err = prog.run(thread, buildBuiltins)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil && !errors.Is(err, errTooMany) {
		p.errs = append(p.errs, runtimeError(ctx, err, ""))
	}
	if err := capErrors(p.errs).Err(); err != nil {
		return nil, err
	}
	return p.out, nil
}

const packageVersion = 4

// Encode returns the package's bytes, with positions.
func (p *Package) Encode() []byte {
	e := encoder{buf: make([]byte, 0, 64+256*len(p.targets))}
	e.byte(packageVersion)
	e.string(p.name)
	e.string(p.path)
	e.strings(p.Warnings)
	e.waivers(p.waivers)
	frames, frameIDs := []Frame{}, map[Frame]int{}
	for _, s := range p.sites {
		for _, f := range s.macros {
			if _, ok := frameIDs[f]; !ok {
				frameIDs[f] = len(frames)
				frames = append(frames, f)
			}
		}
	}
	e.uint(uint64(len(frames)))
	for _, f := range frames {
		e.string(f.Name)
		e.string(f.Pos.File)
		e.pos(callPos{int32(f.Pos.Line), int32(f.Pos.Col)})
	}
	e.uint(uint64(len(p.calls)))
	for _, c := range p.calls {
		e.pos(c.at)
		e.uint(uint64(len(c.attrs)))
		for _, a := range c.attrs {
			e.string(a.name)
			e.pos(a.at)
			e.uint(uint64(len(a.elems)))
			for _, p := range a.elems {
				e.pos(p)
			}
		}
	}
	e.uint(uint64(len(p.targets)))
	for i, d := range p.targets {
		e.string(d.raw)
		e.uint(uint64(p.sites[i].call))
		e.uint(uint64(len(p.sites[i].macros)))
		for _, f := range p.sites[i].macros {
			e.uint(uint64(frameIDs[f]))
		}
		e.waivers(p.waiversOf[d.Label.Name])
	}
	return e.buf
}

// DecodePackage is the inverse of Encode; it keeps b, which must not be changed. Damaged or foreign bytes are an error.
func DecodePackage(b []byte) (*Package, error) {
	d := decoder{s: textOf(b)}
	if d.byte() != packageVersion {
		d.fail()
	}
	p := &Package{name: d.string(), path: d.string(), Warnings: d.strings(), waivers: d.waivers()}
	frames := make([]Frame, d.count(4))
	for i := range frames {
		frames[i] = Frame{d.string(), d.framePos()}
	}
	p.calls = make([]callSite, d.count(3))
	for i := range p.calls {
		c := &p.calls[i]
		c.at = d.pos()
		c.attrs = make([]attrSite, d.count(4))
		for j := range c.attrs {
			a := &c.attrs[j]
			a.name, a.at = d.string(), d.pos()
			if n := d.count(2); n > 0 {
				a.elems = make([]callPos, n)
				for k := range a.elems {
					a.elems[k] = d.pos()
				}
			}
		}
	}
	n := d.count(3)
	p.targets, p.sites = make([]*Declaration, n), make([]site, n)
	for i := range n {
		decl, err := decodeDeclaration(d.string())
		if err != nil {
			d.fail()
			break
		}
		p.targets[i] = decl
		s := &p.sites[i]
		if s.call = int(d.uint()); s.call < 0 || s.call >= len(p.calls) {
			d.fail()
			break
		}
		if m := d.count(1); m > 0 {
			s.macros = make([]Frame, m)
			for j := range s.macros {
				f := d.uint()
				if f >= uint64(len(frames)) {
					d.fail()
					break
				}
				s.macros[j] = frames[f]
			}
		}
		if w := d.waivers(); w != nil {
			if p.waiversOf == nil {
				p.waiversOf = map[string][]Waiver{}
			}
			p.waiversOf[decl.Label.Name] = w
		}
	}
	if err := d.end("package"); err != nil {
		return nil, err
	}
	return p, nil
}

func (e *encoder) pos(p callPos) {
	e.uint(uint64(p.line))
	e.uint(uint64(p.col))
}

func (d *decoder) framePos() diag.Pos {
	file := d.string()
	return d.pos().in(file)
}

func (d *decoder) pos() callPos {
	line, col := d.uint(), d.uint()
	if line > 1<<31-1 || col > 1<<31-1 {
		d.fail()
	}
	return callPos{int32(line), int32(col)}
}
