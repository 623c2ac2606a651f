package cpython

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/finding"
	"github.com/sbomctl/sbomctl/rules/evidence"
	"github.com/sbomctl/sbomctl/rules/spdx"
)

// externalPattern is the evidence of a library of Windows. The macro cpython_windows_dep makes the same.
func externalPattern(name string) string {
	return `%libraries%\s+` + regexp.QuoteMeta(name) + `-(?P<version>[0-9][0-9A-Za-z.]*)`
}

// allExternals finds every line that names one.
const allExternals = `set\s+libraries\s*=\s*%libraries%\s+(?P<name>[0-9A-Za-z._+-]+)-(?P<version>[0-9A-Za-z._+]+)`

// externalURL is where get_externals.bat fetches from. The macro makes the same.
func externalURL(name string) string {
	return "https://github.com/python/cpython-source-deps/archive/refs/tags/" + name + "-{version}.tar.gz"
}

// windows declares the source dependencies of the Windows build.
func (im *importer) windows() error {
	if im.deps == nil {
		return nil
	}
	src := im.files[externalsPath]
	var lines []external
	if src == nil {
		im.missing(externalsPath, "the source dependencies of Windows have no evidence")
	} else {
		var err error
		if lines, err = readExternals(src); err != nil {
			return err
		}
	}
	listed := map[string]bool{}
	for i := range im.deps.Packages {
		p := &im.deps.Packages[i]
		listed[p.Name] = true
		im.libs = append(im.libs, im.windowsDep(i, p, lines))
	}
	if len(lines) > 0 {
		im.windowsLines = []string{"regex_all(" + quote(externalsPath) + ", " + quotePattern(allExternals) + ")"}
	}
	for _, l := range lines {
		if !listed[l.name] {
			listed[l.name] = true
			im.note("undeclared-dep", finding.Warning, l.pos, fmt.Sprintf("the Windows build compiles %s %s, but %s does not list it, so it is not declared", l.name, l.version, depsPath),
				"sbomctl add declares it, with its origin")
		}
	}
	return nil
}

func (im *importer) windowsDep(i int, p *spdx.Package, lines []external) declaration {
	name := unused(im.used, "windows/", p.Name)
	label := "//:" + name
	im.origins[label] = origin{p.Name, im.deps.pos(i, p.Name)}
	d := declaration{rule: "source_dep", name: name}
	packageName := ""
	if name != "windows/"+p.Name {
		packageName = p.Name
	}
	d.common(p, packageName)
	d.set("md5", checksum(p, "MD5"))
	pattern, says := externalPattern(p.Name), ""
	facts, _ := evidence.States(pattern, externalsPath, im.files[externalsPath])
	for _, f := range facts {
		if says != "" && says != f.Value {
			im.note(evidence.RuleID, finding.Warning, diag.Pos{File: f.Path, Line: f.Line, Col: f.Column}, fmt.Sprintf("%s is said to be %s here and %s elsewhere in the script, so the script is no evidence of its version", p.Name, f.Value, says))
			facts = nil
			break
		}
		says = f.Value
	}
	switch {
	case len(facts) > 0:
		if says != p.Version {
			im.contradiction(facts[0], p.Version, im.deps.pos(i, p.Version), label)
		}
	case says == "" && len(lines) > 0:
		at := im.deps.pos(i, p.Name)
		for _, l := range lines {
			if l.name == p.Name {
				at = l.pos
			}
		}
		im.note("undeclared-dep", finding.Warning, at, fmt.Sprintf("no line of %s names %s with a version, so there is no evidence of it", externalsPath, p.Name))
	}
	if len(facts) > 0 && packageName == "" && templated(p.DownloadURL, p.Version) == externalURL(p.Name) {
		d.rule, d.name = windowsRule, p.Name
		d.drop("download_url")
		d.attrs = append(d.attrs, attribute{"tree", quote(":" + treeLabel.Name)})
		path, pattern := propsEvidence(p.Name)
		if again, err := evidence.States(pattern, path, im.files[path]); err != nil || len(again) == 0 {
			d.attrs = append(d.attrs, attribute{"props", quote("")}) // it is stated once
		}
		return d
	}
	if len(facts) > 0 {
		d.attrs = append(d.attrs, attribute{"tree", quote(":" + treeLabel.Name)})
		d.setList("evidence", []string{regexCall(externalsPath, pattern)})
	}
	return d
}

// drop takes an attribute away.
func (d *declaration) drop(name string) {
	for i, a := range d.attrs {
		if a.name == name {
			d.attrs = append(d.attrs[:i:i], d.attrs[i+1:]...)
			return
		}
	}
}

// macos declares what the macOS installer bundles. No document lists it.
func (im *importer) macos() error {
	src := im.files[installerPath]
	if src == nil {
		im.missing(installerPath, "nothing of macOS is declared")
		return nil
	}
	recipes, odd, err := readInstaller(src)
	if err != nil {
		return err
	}
	for _, e := range odd {
		im.note("import", finding.Warning, e.Pos, e.Msg)
	}
	var patterns []string
	literal, whole := 0, len(odd) == 0
	for _, r := range recipes {
		d, pattern := im.macosDep(r, src)
		im.mac = append(im.mac, d)
		switch {
		case pattern == "":
			whole = false
		case strings.HasPrefix(pattern, "name="):
			literal++
		case !slices.Contains(patterns, pattern):
			patterns = append(patterns, pattern)
		}
	}
	// All recipes, if that is what the pattern finds, and there is evidence of each.
	facts, err := evidence.States(strings.Replace(allRecipes, "?P<name>", "", 1), installerPath, src)
	if literal > 0 && whole && err == nil && len(facts) == literal {
		for _, p := range append([]string{allRecipes}, patterns...) {
			im.macosLines = append(im.macosLines, "regex_all("+quote(installerPath)+", "+quotePattern(p)+")")
		}
	}
	return nil
}

// allRecipes finds every recipe whose name is a literal, of one word and a version.
const allRecipes = `name=["'](?P<name>\w+) (?P<version>\d[^"']*)["']`

// macosDep declares a library of a recipe, and returns the pattern that is its evidence.
func (im *importer) macosDep(r recipe, src []byte) (d declaration, pattern string) {
	name := unused(im.used, "macos/", r.name)
	im.origins["//:"+name] = origin{r.title, r.pos}
	d = declaration{rule: macosRule, name: strings.TrimPrefix(name, "macos/")}
	d.attrs = append(d.attrs, attribute{"version", quote(r.version)})
	same := im.sameLibrary(r.name)
	d.set("originator", same.Originator)
	d.set("download_url", templated(r.url, r.version))
	d.set("sha256", r.sha256)
	d.set("md5", r.md5)
	d.set("cpe", templated(reference(&same, "cpe23Type"), same.Version))
	d.set("tree", ":"+treeLabel.Name)
	for _, pattern := range r.evidence {
		facts, err := evidence.States(pattern, installerPath, src)
		ok := err == nil && len(facts) > 0
		for _, f := range facts {
			ok = ok && (f.Value == r.version || f.Value == r.sha256)
		}
		if !ok {
			continue
		}
		if pattern == recipePattern(regexp.QuoteMeta(r.title)) && regexp.QuoteMeta(r.title) == r.title {
			d.setList("evidence", []string{"cpython_recipe(" + quote(r.title) + ")"})
		} else {
			d.setList("evidence", []string{quotePattern(pattern)})
		}
		return d, pattern
	}
	d.attrs = append(d.attrs, attribute{"evidence", "[]"})
	im.note("import", finding.Note, r.pos, fmt.Sprintf("no pattern finds the version of %s and nothing else in the script, so there is no evidence of it", r.title))
	return d, ""
}

// sameLibrary is the package of that name in the tree's documents, for what a recipe does not state of the library.
func (im *importer) sameLibrary(name string) spdx.Package {
	for _, doc := range []*spdxDocument{im.deps, im.base} {
		if doc == nil {
			continue
		}
		for _, p := range doc.Packages {
			if p.Name == name {
				return p
			}
		}
	}
	return spdx.Package{}
}
