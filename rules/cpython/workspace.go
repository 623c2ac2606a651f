package cpython

import (
	"slices"
	"strings"
)

// conventions are the functions of @sbomctl//:cpython.star that declarations call.
var conventions = []string{macosRule, "cpython_product", "cpython_recipe", windowsRule}

// The macros that declare source dependencies.
const (
	windowsRule = "cpython_windows_dep"
	macosRule   = "cpython_macos_dep"
)

// rootFile is sbom.star.
func (im *importer) rootFile() []byte {
	return []byte("\"\"\"Marks the root of this workspace; its macros go here.\"\"\"\n")
}

// buildFile is BUILD.star.
func (im *importer) buildFile() []byte {
	var body strings.Builder
	section := func(title string) {
		body.WriteString("\n# ---- " + title + " " + strings.Repeat("-", max(3, 98-len(title))) + "\n")
	}
	im.writeTree(&body)
	im.writeProduct(&body)
	section("Vendored packages (" + basePath + ")")
	for _, d := range im.packages {
		body.WriteString("\n" + d.text())
	}
	writeDocument(&body, "base_sbom", "base_sbom", "packages", "", basePath, im.packages, nil)
	if im.deps != nil {
		section("Source dependencies of Windows (" + depsPath + ")")
		for _, d := range im.libs {
			body.WriteString("\n" + d.text())
		}
		writeDocument(&body, "source_deps_sbom", "source_deps_sbom", "deps", "windows/", depsPath, im.libs, im.windowsLines)
	}
	if len(im.mac) > 0 {
		section("Source dependencies of macOS (" + installerPath + ")")
		body.WriteString(comment([]string{
			"The tree has no SBOM of these. The script states name, version, URL and checksum of each; a CPE and an",
			"originator are those that the tree's SBOMs have for a package of the same name.",
		}))
		for _, d := range im.mac {
			body.WriteString("\n" + d.text())
		}
		writeDocument(&body, "source_deps_sbom", "macos_deps_sbom", "deps", "macos/", "", im.mac, im.macosLines)
	}
	section("All of it together")
	all := declaration{rule: "inventory", name: "inventory"}
	all.setList("documents", quoted(slices.DeleteFunc([]string{":base_sbom", ":source_deps_sbom", ":macos_deps_sbom"}, func(s string) bool { return !slices.Contains(im.targets(), "//"+s) })))
	if len(im.licenses) > 0 {
		all.comment = []string{"The licences that generate_sbom.py allows. NOASSERTION is what the SBOMs state of every package, so it is allowed too."}
	}
	all.setList("allowed_licenses", quoted(im.licenses))
	body.WriteString("\n" + all.text())
	if im.images != "" {
		section("Containers (" + containerPath + ")")
		body.WriteString(im.images)
	}
	return []byte(im.head(body.String()) + body.String())
}

// head is the beginning of BUILD.star: what it is, and the names that the rest of it uses.
func (im *importer) head(body string) string {
	product := "CPython"
	if v := im.version(); v != "" {
		product += " " + v
	}
	var names []string
	for _, name := range []string{"base_sbom", "container_image", "container_references", "http_file", "inventory", "regex", "regex_all", "source_dep", "source_deps_sbom", "source_tree", "vendored_package"} {
		if called(body, name) {
			names = append(names, name)
		}
	}
	s := "\"\"\"" + product + ": what it is made of, imported from the SBOMs and scripts of its tree.\n\nThe declarations say what those say, also where the tree contradicts them: `sbomctl check //...` tells where.\n\"\"\"\n\n" +
		"load(\n    \"@sbomctl//:rules.star\",\n    " + strings.Join(quoted(names), ",\n    ") + ",\n)\n"
	names = slices.DeleteFunc(slices.Clone(conventions), func(name string) bool { return !called(body, name) })
	if len(names) > 0 {
		s += "load(\"@sbomctl//:cpython.star\", " + strings.Join(quoted(names), ", ") + ")\n"
	}
	return s
}

// called reports whether a Starlark text calls a function.
func called(body, name string) bool {
	for line := range strings.Lines(body) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		for i := 0; ; {
			n := strings.Index(line[i:], name+"(")
			if n < 0 {
				break
			}
			if at := i + n; at == 0 || strings.IndexByte(" [", line[at-1]) >= 0 {
				return true
			}
			i += n + len(name)
		}
	}
	return false
}

func (im *importer) writeTree(b *strings.Builder) {
	tree := declaration{rule: "source_tree", name: treeLabel.Name}
	if p := im.place; p.archive != "" {
		file := declaration{rule: "http_file", name: p.archive, comment: []string{"The archive that was imported; --distdir says where it lies, and python.org has it."}}
		file.setList("urls", []string{quote(p.url)})
		file.set("sha256", p.sha256)
		b.WriteString("\n" + file.text())
		tree.set("archive", ":"+p.archive)
	} else {
		tree.set("path", p.path)
	}
	if len(im.place.files) > 0 && im.place.archive == "" {
		tree.comment = []string{"The tree lies elsewhere: " + rcFile + " says where, with --override=" + treeLabel.String() + "=PATH."}
	}
	b.WriteString("\n" + tree.text())
}

// writeProduct writes what release SBOMs say of Python itself. They need a time, which a release states and a checkout does not.
func (im *importer) writeProduct(b *strings.Builder) {
	if im.files[patchlevelPath] == nil {
		return
	}
	d := declaration{rule: "cpython_product", name: "product", comment: []string{"What the SBOMs of a release say of Python itself; the two of the tree do not use it."}}
	m := releaseDate.FindSubmatch(im.files[newsPath])
	if m != nil {
		d.comment = append(d.comment, "created is the release date of "+newsPath+".")
		d.set("created", string(m[1])+"T00:00:00Z")
	} else {
		d.comment = append(d.comment, "The tree does not state when it was released; set created, or SOURCE_DATE_EPOCH, to use this.", "")
		d.set("created", "YYYY-MM-DDThh:mm:ssZ")
	}
	d.setList("creators", []string{quote("Person: Python Release Managers"), quote("Tool: sbomctl")})
	d.set("tree", ":"+treeLabel.Name)
	text := d.text()
	if m == nil {
		above := comment(d.comment)
		text = above + comment(strings.Split(strings.TrimSuffix(strings.TrimPrefix(text, above), "\n"), "\n"))
	}
	b.WriteString("\n" + text)
}

// writeDocument writes the declaration of a document. Its packages are in the order of the tree's.
// recipes are the patterns whose every match some package must have for evidence.
func writeDocument(b *strings.Builder, rule, name, attr, prefix, checkedIn string, packages []declaration, recipes []string) {
	d := declaration{rule: rule, name: name}
	var labels []string
	for _, p := range packages {
		labels = append(labels, quote(":"+prefix+strings.TrimPrefix(p.name, prefix)))
	}
	d.attrs = append(d.attrs, attribute{attr, list(labels)})
	if len(labels) == 0 {
		d.attrs[0].value = "[]"
	}
	if checkedIn != "" {
		d.set("checked_in", checkedIn)
		if !slices.ContainsFunc(packages, func(p declaration) bool { return p.rule == "vendored_package" || p.rule == windowsRule }) {
			d.set("tree", ":"+treeLabel.Name) // else it is that of the packages
		}
	}
	d.setList("recipes", recipes)
	b.WriteString("\n" + d.text())
}

// targets are those that are built to see that all is well: the documents, and what is below them.
func (im *importer) targets() []string {
	out := []string{"//:base_sbom"}
	if im.deps != nil {
		out = append(out, "//:source_deps_sbom")
	}
	if len(im.mac) > 0 {
		out = append(out, "//:macos_deps_sbom")
	}
	return out
}
