package evidence

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/engine/action"
	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/finding"
)

// RecipesID is the rule of the findings of "evidence.recipes".
const RecipesID = "undeclared-dep"

// RecipesFinding describes what "evidence.recipes" reports.
var RecipesFinding = finding.Rule{
	ID: RecipesID, Severity: finding.Error,
	Title: "a build script names a dependency that is not declared, or one is declared that no script names",
	Help: `The scripts that build a release name what they build with: a line of PCbuild/get_externals.bat, a recipe of build-installer.py.
` + "`recipes = [regex_all(path, pattern)]`" + ` of a source_deps_sbom says where. Each match must be where the evidence of one of its deps is found, too; and the evidence
of each dep must be at a match. So a dependency that is added to a script cannot be forgotten in the SBOM, nor one stay there that no script names any more.

Declare it with a source_dep whose evidence matches there, and list it in ` + "`deps`" + `. Or narrow the pattern, where what it matches is not shipped.`,
}

// MaxRecipes bounds the matches of one pattern of regex_all in its file.
const MaxRecipes = 1000

// RecipesParams are the parameters of "evidence.recipes". Input: "files" (the files of the recipes). Output: "report", empty.
type RecipesParams struct {
	Recipes []Rule `json:"recipes"` // calls of regex_all()
	Deps    []Dep  `json:"deps"`
}

// Dep is a dependency that claims recipes by its evidence.
type Dep struct {
	Label string `json:"label"`
	Rules []Rule `json:"rules"` // its evidence in the files of the recipes
}

// ValidateRegexp says what is wrong with a pattern of regex_all, as a *diag.Error without a position.
func ValidateRegexp(expr string) error {
	_, err := compileAny(expr)
	return err
}

func compileAny(expr string) (*regexp.Regexp, error) {
	if len(expr) > MaxPatternBytes {
		return nil, &diag.Error{Msg: fmt.Sprintf("pattern %s has %d bytes, expected at most %d", clip(expr), len(expr), MaxPatternBytes)}
	}
	re, err := regexp.Compile(expr)
	var s *syntax.Error
	switch {
	case errors.As(err, &s):
		return nil, &diag.Error{Msg: fmt.Sprintf("pattern %s is not a regular expression (RE2): %s at %s", clip(expr), s.Code, clip(s.Expr))}
	case err != nil:
		return nil, &diag.Error{Msg: fmt.Sprintf("pattern %s is not a regular expression (RE2)", clip(expr))}
	case re.MatchString(""):
		return nil, &diag.Error{Msg: fmt.Sprintf("pattern %s matches the empty text, which is everywhere", clip(expr))}
	}
	return re, nil
}

// span is a match in a file.
type span struct{ from, to int }

func (s span) meets(o span) bool { return s.from < o.to && o.from < s.to }

func runRecipes(ctx context.Context, call action.Call) error {
	var p RecipesParams
	if err := call.Params(&p); err != nil {
		return err
	}
	c := &recipeChecker{call: call, claimed: map[string][]span{}, deps: make([][]place, len(p.Deps))}
	for i, d := range p.Deps {
		for _, r := range d.Rules {
			if err := ctx.Err(); err != nil {
				return err
			}
			spans, err := c.evidence(r)
			if err != nil {
				return err
			}
			c.claimed[r.Path] = append(c.claimed[r.Path], spans...)
			for _, s := range spans {
				c.deps[i] = append(c.deps[i], place{r.Path, s})
			}
		}
	}
	named := map[string][]span{} // by path
	for i, r := range p.Recipes {
		if err := ctx.Err(); err != nil {
			return err
		}
		spans, err := c.recipes(r, i)
		if err != nil {
			return err
		}
		named[r.Path] = append(named[r.Path], spans...)
	}
	for i, d := range p.Deps {
		c.reverse(d, c.deps[i], named)
	}
	return action.WriteOutput(call, "report", nil)
}

// place is a match of evidence.
type place struct {
	path string
	span
}

type recipeChecker struct {
	call    action.Call
	claimed map[string][]span // where evidence of any dep is, by path
	deps    [][]place         // the same by dep
	path    string            // of the file read last
	content []byte
}

func (c *recipeChecker) read(path string) ([]byte, error) {
	if c.path == path {
		return c.content, nil
	}
	for _, f := range c.call.Files("files") {
		if f.Path == path {
			content, err := c.call.Read(f, MaxFileBytes)
			if err != nil {
				return nil, err
			}
			c.path, c.content = path, content
			return content, nil
		}
	}
	return nil, &diag.Error{Attr: "recipes", Msg: fmt.Sprintf("recipes are looked for in %s, but the tree has no such file", clip(path))}
}

// evidence returns where a dep's evidence is. What is wrong with it is for "evidence.check" to say.
func (c *recipeChecker) evidence(r Rule) ([]span, error) {
	pat, err := compile(r)
	if err != nil {
		return nil, nil
	}
	content, err := c.read(r.Path)
	if err != nil {
		return nil, err
	}
	var out []span
	for _, m := range pat.re.FindAllIndex(content, MaxMatches) {
		out = append(out, span{m[0], m[1]})
	}
	return out, nil
}

// recipes returns where a pattern matches, and reports the matches that no dep claims.
func (c *recipeChecker) recipes(r Rule, i int) ([]span, error) {
	attr := fmt.Sprintf("recipes[%d]", i)
	re, err := compileAny(r.Pattern)
	if err != nil {
		return nil, err
	}
	content, err := c.read(r.Path)
	if err != nil {
		return nil, err
	}
	report := func(f finding.Finding) {
		f.Rule, f.Severity = RecipesID, finding.Error
		c.call.Report(f)
	}
	matches := re.FindAllSubmatchIndex(content, MaxRecipes+1)
	switch {
	case len(matches) == 0:
		report(finding.Finding{Pos: diag.File(r.Path), Attr: attr, Msg: fmt.Sprintf("pattern %s matches nothing in %s, so no recipe is checked", clip(r.Pattern), r.Path),
			Hints: []string{"look how the file names what it builds with now, and change the pattern"}})
	case len(matches) > MaxRecipes:
		report(finding.Finding{Pos: diag.File(r.Path), Attr: attr, Msg: fmt.Sprintf("pattern %s matches more than %d times", clip(r.Pattern), MaxRecipes)})
		matches = matches[:MaxRecipes]
	}
	var out []span
	for _, m := range matches {
		s := span{m[0], m[1]}
		out = append(out, s)
		if slices.ContainsFunc(c.claimed[r.Path], s.meets) {
			continue
		}
		text := recipeText(re, content, m)
		report(finding.Finding{Pos: diag.At(r.Path, content, recipeAt(re, m)), Attr: "deps", Found: strings.ToValidUTF8(text, "\ufffd"),
			Msg:   fmt.Sprintf("%s is named here, but no dep has its evidence here", clip(text)),
			Hints: []string{"declare it as a source_dep whose evidence matches here, and list it in deps; sbomctl add NAME --version=VERSION --url=URL does both"}})
	}
	return out, nil
}

// recipeText is what a match says, for a message: its groups name and version, or all of it in one line.
func recipeText(re *regexp.Regexp, content []byte, m []int) string {
	var words []string
	for _, group := range []string{"name", "version"} {
		if i := re.SubexpIndex(group); i >= 0 && m[2*i] >= 0 {
			words = append(words, string(content[m[2*i]:m[2*i+1]]))
		}
	}
	if len(words) == 0 {
		words = strings.Fields(string(content[m[0]:m[1]]))
	}
	return strings.Join(words, " ")
}

// recipeAt is where a match begins that a reader looks for.
func recipeAt(re *regexp.Regexp, m []int) int {
	if i := re.SubexpIndex("name"); i >= 0 && m[2*i] >= 0 {
		return m[2*i]
	}
	return m[0]
}

// reverse reports a dep that claims no recipe. Where its evidence is found nowhere, "evidence.check" says that.
func (c *recipeChecker) reverse(d Dep, places []place, named map[string][]span) {
	f := finding.Finding{Rule: RecipesID, Severity: finding.Error, Label: d.Label, Attr: "evidence"}
	switch {
	case len(d.Rules) == 0:
		f.Attr = ""
		f.Msg = "no recipe names this dep: it has no evidence in the files that name what is built with"
		f.Hints = []string{"give it evidence in one of them; or drop it, if it is not built with any more"}
	case len(places) == 0:
		return
	case slices.ContainsFunc(places, func(p place) bool { return slices.ContainsFunc(named[p.path], p.meets) }):
		return
	default:
		content, err := c.read(places[0].path)
		if err != nil {
			return
		}
		f.Pos = diag.At(places[0].path, content, places[0].from)
		f.Msg = "evidence of this dep is here, but no pattern of recipes matches here"
		f.Hints = []string{"drop the dep, if it is not built with any more; or let a pattern of recipes match here"}
	}
	c.call.Report(f)
}
