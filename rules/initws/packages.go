package initws

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/engine/label"
	"github.com/sbomctl/sbomctl/rules/add"
	"github.com/sbomctl/sbomctl/rules/evidence"
	"github.com/sbomctl/sbomctl/rules/ident"
	"github.com/sbomctl/sbomctl/rules/license"
	"github.com/sbomctl/sbomctl/rules/signals"
	"github.com/sbomctl/sbomctl/rules/spdx"
)

// pkg is a vendored_package to be.
type pkg struct {
	name, packageName              string
	version, license               string // NOASSERTION where nobody states it
	url, cpe, purl                 string
	comments                       []string // above it
	versionComment, licenseComment string
	srcs, exclude                  []string
	rules                          []evidence.Rule
	files                          []string // that the patterns are meant to select
	folder                         string   // "" when srcs are files
}

// packages finds what looks vendored.
func packages(t *tree) (out []*pkg, notes []string) {
	files := t.scan()
	under := map[string][]string{} // metadata files by folder
	for _, p := range t.paths {
		if signals.IsMetadata(p) {
			under[path.Dir(p)] = append(under[path.Dir(p)], p)
		}
	}
	for _, lib := range apart(signals.Find(files, signals.Options{})) {
		var stated []stated
		var err error
		for _, place := range lib.Places {
			if !place.Folder {
				continue
			}
			for _, m := range under[place.Path] {
				var s []signals.Metadata
				if s, err = signals.ParseMetadata(m, t.head(m, signals.MaxMetadata+1)); err != nil {
					notes = append(notes, err.Error()+"; what it states was not read")
					continue
				}
				for _, x := range s {
					stated = append(stated, statedBy{m, x}.in(place.Path))
				}
			}
		}
		ps, n := fromLibrary(t, lib, stated)
		out, notes = append(out, ps...), append(notes, n...)
	}
	disjoint(out)
	named(out)
	return out, notes
}

// apart splits libraries whose places have one holder and different names: Google's reftable is not Google's persistent-https, and has
// another licence.
func apart(libs []signals.Library) (out []signals.Library) {
	for _, lib := range libs {
		at := map[string]int{}
		for _, place := range lib.Places {
			name := placeName(place, lib.Name)
			key := strings.TrimRight(strings.TrimLeft(strings.TrimPrefix(strings.ToLower(name), "test_"), "_"), "0123456789")
			if i, ok := at[key]; ok {
				out[i].Places = append(out[i].Places, place)
				continue
			}
			at[key] = len(out)
			one := lib
			one.Name, one.Places = name, []signals.Place{place}
			out = append(out, one)
		}
	}
	return out
}

// placeName is what a folder or a file is called; several files of a folder have the library's name.
func placeName(p signals.Place, library string) string {
	switch base := path.Base(p.Path); {
	case p.Folder && slices.Contains(generic, strings.ToLower(base)):
		return libraryName(signals.Library{Name: base, Places: []signals.Place{p}})
	case p.Folder:
		return base
	case len(p.Files) == 1:
		base = path.Base(p.Files[0])
		return cmp.Or(strings.TrimSuffix(base, path.Ext(base)), base)
	}
	return library
}

// stated is what a metadata file says of one package.
type stated struct {
	file string
	dir  string
	signals.Metadata
}

type statedBy struct {
	file string
	m    signals.Metadata
}

func (s statedBy) in(dir string) stated { return stated{s.file, dir, s.m} }

// fromLibrary makes packages of what was found in one place or some.
func fromLibrary(t *tree, lib signals.Library, all []stated) (out []*pkg, notes []string) {
	var lists []stated // of a file that lists the folders beside it
	var one []stated
	for _, s := range all {
		if b := path.Base(s.file); b == "vendor.txt" || b == "vendored.txt" {
			lists = append(lists, s)
		} else {
			one = append(one, s)
		}
	}
	taken := map[string]bool{}
	for _, s := range lists {
		if p := listed(t, s); p != nil {
			out = append(out, p)
			for _, f := range p.files {
				taken[f] = true
			}
		} else {
			notes = append(notes, fmt.Sprintf("%s:%d states %s %s, and nothing beside it has that name; it is not declared", s.file, s.Line, s.Name, s.Version))
		}
	}
	if len(lists) > 0 {
		left := 0
		for _, place := range lib.Places {
			for _, f := range place.Files {
				if !taken[f] && !signals.IsMetadata(f) {
					left++
				}
			}
		}
		if left > 0 {
			notes = append(notes, fmt.Sprintf("%s: files beside it that are of no package that it lists: %d", lists[0].file, left))
		}
		return out, notes
	}
	p := &pkg{version: ident.NoAssertion, license: ident.NoAssertion}
	p.name = libraryName(lib)
	for _, place := range lib.Places {
		p.files = append(p.files, place.Files...)
		if place.Folder {
			p.srcs = append(p.srcs, pattern(place.Path)+"/**")
			if p.folder == "" {
				p.folder = place.Path
			}
		} else {
			for _, f := range place.Files {
				p.srcs = append(p.srcs, pattern(f))
			}
		}
		var why []string
		for _, r := range place.Reasons {
			at := r.Path
			if r.Line > 0 {
				at = fmt.Sprintf("%s:%d", r.Path, r.Line)
			}
			why = append(why, r.Text+" ("+at+")")
		}
		for i, w := range why {
			if i == 0 {
				w = place.String() + ": " + w
			}
			p.comments = append(p.comments, w)
		}
	}
	if len(one) > 0 {
		p.state(one[0])
		for _, s := range one[1:] {
			p.comments = append(p.comments, fmt.Sprintf("%s:%d also states %s; nothing says which files are of it", s.file, s.Line, strings.TrimSpace(s.Name+" "+cmp.Or(s.Version, s.Revision))))
		}
	}
	p.look(t)
	if p.license == ident.NoAssertion && p.licenseComment == "" && lib.License != "" {
		p.licenseComment = "there are words of " + lib.License + " in its files"
	}
	return []*pkg{p}, notes
}

// generic are names of folders that say nothing of what lies in them.
var generic = []string{"impl", "src", "source", "sources", "include", "includes", "inc", "lib", "libs", "js", "css", "t", "test", "tests", "script", "scripts", "static", "vendor", "third_party", "third-party",
	"3rdparty", "external", "externals", "extern", "deps", "dist", "code", "readme", "main", "common", "utils", "internal", "bootstrap", "files", "constants", "license", "copying"}

// libraryName is what its folder is called, or the next one above that has a telling name.
func libraryName(lib signals.Library) string {
	name := lib.Name
	for dir := lib.Places[0].Path; slices.Contains(generic, strings.ToLower(name)) && dir != "." && dir != ""; dir = path.Dir(dir) {
		if b := path.Base(dir); b != name && b != "." {
			name = b
		}
	}
	return name
}

// state fills in what a metadata file says.
func (p *pkg) state(s stated) {
	at := fmt.Sprintf("%s:%d", s.file, s.Line)
	p.comments = append(p.comments, at+" states what follows")
	if s.Name != "" {
		p.name = s.Name
	}
	if v := cmp.Or(s.Version, s.Revision); v != "" {
		if spdx.Word(v) == nil {
			p.version = v
		} else {
			p.comments = append(p.comments, fmt.Sprintf("its version is stated as %q", v))
		}
	}
	if s.License != "" {
		if ident.License(s.License) == nil {
			p.license = s.License
		} else {
			p.licenseComment = fmt.Sprintf("%s says %q, which is no SPDX expression", s.file, s.License)
		}
	}
	switch {
	case s.URL == "":
	case ident.URL(s.URL) == nil && add.IsArchive(s.URL):
		p.url = add.Template(s.URL, p.version)
	default:
		p.comments = append(p.comments, "from "+s.URL)
	}
	if s.CPE != "" {
		if c, ok := add.CompleteCPE(s.CPE, p.version); ok {
			p.cpe = c
		} else {
			p.comments = append(p.comments, fmt.Sprintf("its CPE is stated as %q", s.CPE))
		}
	}
}

// listed is a package that a list beside its files states; nil when no file has its name.
func listed(t *tree, s stated) *pkg {
	want := flat(s.Name)
	p := &pkg{name: s.Name, version: s.Version, license: ident.NoAssertion}
	if spdx.Word(s.Version) != nil {
		return nil
	}
	prefix := s.dir + "/"
	tops := map[string]bool{}
	for _, f := range t.paths {
		rest, ok := strings.CutPrefix(f, prefix)
		if !ok {
			continue
		}
		top, _, below := strings.Cut(rest, "/")
		if flat(strings.TrimSuffix(top, path.Ext(top))) != want && flat(top) != want {
			continue
		}
		p.files = append(p.files, f)
		if !tops[top] {
			tops[top] = true
			if below {
				p.folder = s.dir + "/" + top
				p.srcs = append(p.srcs, pattern(p.folder)+"/**")
			} else {
				p.srcs = append(p.srcs, pattern(f))
			}
		}
	}
	if len(p.srcs) == 0 {
		return nil
	}
	p.comments = []string{fmt.Sprintf("%s:%d states name and version", s.file, s.Line)}
	if q := add.PyPI(s.Name, s.Version); q != "" {
		p.purl = q
	}
	p.rules = add.FindEvidence([]add.Source{{Path: s.file, Content: t.head(s.file, signals.MaxMetadata)}}, add.Wanted{Name: s.Name, Version: s.Version, Requirement: true}).Rules
	p.look(t)
	return p
}

// flat is a Python project's name as modules spell it.
func flat(name string) string {
	return strings.NewReplacer("-", "_", ".", "_").Replace(strings.ToLower(name))
}

// Bounds of what is read of one package.
const (
	maxSource  = 1 << 20
	maxSources = 2000
)

// look reads the package's own files for its version and licence.
func (p *pkg) look(t *tree) {
	var sources []add.Source
	var texts []license.File
	tags := map[string][]string{}
	for _, f := range p.files {
		if len(sources) == maxSources {
			break
		}
		b := t.head(f, maxSource)
		sources = append(sources, add.Source{Path: f, Content: b})
		if base := path.Base(f); license.IsFile(base) || license.IsNotice(base) {
			if p.folder == "" || path.Dir(f) == p.folder {
				texts = append(texts, license.File{Path: f, Content: b})
			}
			continue
		}
		if !signals.IsMetadata(f) {
			tags[f] = license.Tags(b)
		}
	}
	p.findVersion(sources)
	if p.license != ident.NoAssertion {
		return
	}
	found := license.FromTags(tags, len(tags))
	if len(texts) > 0 {
		found = license.Propose(texts)
	}
	p.license = found.Expression
	p.licenseComment = strings.Join(slices.DeleteFunc([]string{p.licenseComment, found.Why}, func(s string) bool { return s == "" }), "; ")
}

func (p *pkg) findVersion(sources []add.Source) {
	if p.version == ident.NoAssertion {
		versions := map[string]bool{}
		found := add.FindEvidence(sources, add.Wanted{Name: p.name})
		var told []string
		for _, c := range found.Contrary {
			if !versions[c.Version] {
				versions[c.Version] = true
				told = append(told, fmt.Sprintf("%s:%d says %s", c.Path, c.Line, c.Version))
			}
		}
		switch {
		case len(told) == 1:
			p.version = found.Contrary[0].Version
		case len(told) > 1:
			p.versionComment = strings.Join(told[:min(len(told), 3)], ", ")
			return
		default:
			p.versionComment = "no file states it"
			return
		}
	}
	// A tag is stated for the version, and the files state the version itself.
	if tagged, ok := strings.CutPrefix(p.version, "v"); ok && spdx.Word(tagged) == nil {
		if rules := add.FindEvidence(sources, add.Wanted{Name: p.name, Version: tagged}).Rules; len(rules) > 0 {
			p.versionComment = "stated as " + p.version
			p.version, p.rules = tagged, rules
		}
	}
	if len(p.rules) == 0 {
		p.rules = add.FindEvidence(sources, add.Wanted{Name: p.name, Version: p.version}).Rules
	}
}

// pattern is a path as a pattern that matches just it.
func pattern(p string) string {
	return strings.NewReplacer("*", "[*]", "?", "[?]", "[", "[[]", "{", "[{]").Replace(p)
}

// disjoint excludes from each package what is another's below it.
func disjoint(all []*pkg) {
	owner := map[string]*pkg{}
	for _, p := range all { // the deeper folder has a file
		for _, f := range p.files {
			if o := owner[f]; o == nil || len(o.folder) < len(p.folder) {
				owner[f] = p
			}
		}
	}
	for _, p := range all {
		for _, q := range all {
			if p == q || p.folder == "" {
				continue
			}
			for _, s := range q.srcs {
				if strings.HasPrefix(s, pattern(p.folder)+"/") && !slices.Contains(p.srcs, s) {
					p.exclude = append(p.exclude, s)
				}
			}
		}
		slices.Sort(p.exclude)
	}
}

// named gives each a name of its own.
func named(all []*pkg) {
	seen := map[string]bool{"tree": true, "base_sbom": true, "inventory": true}
	for _, p := range all {
		name := labelName(p.name)
		if name != p.name && spdx.Word(p.name) == nil {
			p.packageName = p.name
		}
		if seen[name] && p.folder != "" {
			name = labelName(path.Base(path.Dir(p.folder))) + "/" + name
		}
		for n := 2; seen[name]; n++ {
			name = fmt.Sprintf("%s-%d", strings.TrimSuffix(name, fmt.Sprintf("-%d", n-1)), n)
		}
		seen[name] = true
		p.name = name
	}
}

// labelName is a name that a target can have.
func labelName(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("_.+-~", r):
			return r
		}
		return '-'
	}, s)
	s = strings.Trim(s, "-")
	if s == "" || s == "." || s == ".." || s == "all" || label.CheckName(s) != nil {
		return "package"
	}
	return s
}
