package rules

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/engine/star"
	"github.com/sbomctl/sbomctl/rules/archive"
	"github.com/sbomctl/sbomctl/rules/checkedin"
	"github.com/sbomctl/sbomctl/rules/evidence"
	"github.com/sbomctl/sbomctl/rules/fetch"
	"github.com/sbomctl/sbomctl/rules/inventory"
	"github.com/sbomctl/sbomctl/rules/pin"
	"github.com/sbomctl/sbomctl/rules/reproduce"
	"github.com/sbomctl/sbomctl/rules/textsearch"
	"github.com/sbomctl/sbomctl/rules/vendor"
	"github.com/sbomctl/sbomctl/rules/wheel"
)

// OperationDoc is the entry of an operation in the reference: what ctx.actions.run needs to know of it.
type OperationDoc struct {
	Name            string
	Version         int
	Doc             string
	Params          []ParamDoc
	Inputs, Outputs []star.FieldDoc
}

// ParamDoc is a parameter of an operation, or with a dot in its name a field of one.
type ParamDoc struct {
	Name     string // "product.name"
	Type     string // "string", "list of strings", ...
	Doc      string
	Optional bool // it may be left out
}

// Operations returns the documentation of all operations, sorted by name.
func Operations() []OperationDoc {
	var out []OperationDoc
	for _, op := range Set(nil).Operations {
		d := operationDocs[op.Name]
		doc := OperationDoc{Name: op.Name, Version: op.Version, Doc: d.doc, Inputs: d.inputs, Outputs: d.outputs}
		if d.params != nil {
			doc.Params = paramDocs(reflect.TypeOf(d.params), "", d.fields)
		}
		out = append(out, doc)
	}
	slices.SortFunc(out, func(a, b OperationDoc) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// paramDocs lists the fields of a struct of parameters, as JSON names them.
func paramDocs(t reflect.Type, prefix string, docs map[string]string) []ParamDoc {
	var out []ParamDoc
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		p := ParamDoc{Name: prefix + name, Doc: docs[prefix+name], Optional: strings.Contains(options, "omitempty")}
		below := f.Type
		if below.Kind() == reflect.Pointer { // "" is not the same as nothing
			below = below.Elem()
		}
		switch below.Kind() {
		case reflect.Slice:
			below = below.Elem()
			p.Type = "list of " + typeWord(below) + "s"
		case reflect.Map:
			p.Type = "dictionary of " + typeWord(below.Elem()) + "s"
		default:
			p.Type = typeWord(below)
		}
		out = append(out, p)
		if below.Kind() == reflect.Struct {
			out = append(out, paramDocs(below, prefix+name+".", docs)...)
		}
	}
	return out
}

func typeWord(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "bool"
	case reflect.Int, reflect.Int64:
		return "int"
	}
	return "object"
}

// operationDoc is what the code of an operation does not say of itself: params is the struct that it decodes its
// parameters into, fields what each of them is.
type operationDoc struct {
	doc             string
	params          any
	fields          map[string]string
	inputs, outputs []star.FieldDoc
}

// with is all entries of the maps.
func with[V any](all ...map[string]V) map[string]V {
	out := map[string]V{}
	for _, m := range all {
		maps.Copy(out, m)
	}
	return out
}

// operationDocs is by name. TestOperationDocs holds it against the operations.
var operationDocs = with(spdxDocs, map[string]operationDoc{
	pin.OperationName:       imageDoc,
	pin.GroupOperationName:  imagesDoc,
	reproduce.CheckedInName: madeDoc,
	reproduce.CompareName:   runsDoc,
	"archive.index": {
		doc:    "Reads an archive (.tar.xz, .tar.gz, .tar.bz2, .tar.zst, .tar or .zip, whatever its name is) once. It is applied to the archives of trees, and seldom needed elsewhere.",
		params: archive.IndexParams{},
		fields: map[string]string{
			"facet":        `what else than digests is computed of each file; left to the engine`,
			"strip_prefix": `the folder whose members are meant, which is taken off the paths; "" is that of the first member, and nothing may lie beside it; "." is none`,
			"max_bytes":    "most bytes of the uncompressed archive; 0 is 4 GiB",
			"max_files":    "most files and folders; 0 is 250,000",
			"max_ratio":    "most uncompressed bytes for a compressed one, beyond 64 MiB; 0 is 200",
		},
		inputs:  []star.FieldDoc{{Name: "archive", Doc: "one file"}},
		outputs: []star.FieldDoc{{Name: "data", Doc: "the uncompressed archive; of a zip what its members decompress to, one after another"}, {Name: "index", Doc: "path, place and checksums of each regular file; links, empty folders and what cannot be used, as what they are"}},
	},
	"archive.pack": {
		doc:    "Makes a source archive whose bytes depend on the paths, bytes and executable bits of its files, its links and its empty folders, and on nothing else.",
		params: archive.PackParams{},
		fields: map[string]string{
			"prefix":   `folder that everything lies in, such as "Python-3.13.5"`,
			"format":   `"tgz" or "tar.xz"`,
			"mtime":    "modification time of every member, in seconds since 1970",
			"overlays": "paths below prefix that an input replaces or adds",
		},
		inputs:  []star.FieldDoc{{Name: "tree", Doc: "the files; with links = \"keep\" also links and empty folders"}, {Name: "overlay:PATH", Doc: "one file for each path of the parameter overlays"}},
		outputs: []star.FieldDoc{{Name: "archive", Doc: "the archive"}},
	},
	"evidence.check": {
		doc:    "Compares what is declared with what files say. Where they contradict each other, it reports an error.",
		params: evidence.Params{},
		fields: with(ruleFields("rules", "calls of regex() and absent()"), map[string]string{
			"label":                     "the declaring target, for messages",
			"declared":                  `what is declared; "" is not compared`,
			"declared.version":          "a version",
			"declared.sha256":           "a SHA-256, lower-case hexadecimal",
			"declared.sha512":           "a SHA-512, likewise",
			"declared.sha1":             "a SHA-1, likewise",
			"declared.md5":              "an MD5, likewise",
			"declared.revision":         "a commit",
			"declared.url":              "a download location",
			"declared.purl":             "a package URL, where a tag may be",
			"declared.name":             "a name",
			"declared.license":          "an SPDX licence expression",
			"declared.license_declared": "another, which is compared instead where it is stated",
			"declared.created":          "a date and time",
			"only":                      "facts that are compared; none: all",
			"written":                   "texts in which the version may be written, too, as the tag of a URL; then the fix is sbomctl bump instead of an edit",
			"checksum":                  "a checksum is declared; then, too, unless the files state the same",
		}),
		inputs:  []star.FieldDoc{{Name: "files", Doc: "a file set with the files of the rules"}, {Name: "wheel", Doc: "output of wheel.packages, whose version is the declared one; may be missing"}},
		outputs: []star.FieldDoc{{Name: "report", Doc: "what was found, as JSON; as a validation it needs none"}},
	},
	"evidence.recipes": {
		doc:    "Compares where files name packages with where the evidence of packages is found. What is at one of them only is an error.",
		params: evidence.RecipesParams{},
		fields: map[string]string{
			"recipes":            "calls of regex_all()",
			"recipes.path":       "a file",
			"recipes.pattern":    "a regular expression",
			"deps":               "the packages",
			"deps.label":         "the declaring target",
			"deps.rules":         "its calls of regex() that name a file of the recipes",
			"deps.rules.path":    "that file",
			"deps.rules.pattern": "a regular expression with named groups",
			"deps.rules.facts":   "fact -> template",
			"deps.rules.absent":  "never: such a rule is no recipe",
			"recipes.facts":      "none",
			"recipes.absent":     "never",
		},
		inputs:  []star.FieldDoc{{Name: "files", Doc: "a file set with the files of the recipes"}},
		outputs: []star.FieldDoc{{Name: "report", Doc: "empty; as a validation it needs none"}},
	},
	"evidence.url": {
		doc:    "Reports a URL that has another version in it than declared, or none.",
		params: evidence.URLParams{},
		fields: map[string]string{
			"attr":    "attribute that the URL stands in",
			"url":     "the URL",
			"version": "the version that it should be of",
			"of":      `what has the version, for messages; "" is the declaration`,
		},
		outputs: []star.FieldDoc{{Name: "report", Doc: "empty; as a validation it needs none"}},
	},
	"fetch.http": {
		doc:    "Fetches the file that has a checksum: from a folder of --distdir, else from the network.",
		params: fetch.Params{},
		fields: map[string]string{
			"urls":   "where it is; the first that answers with the right bytes is taken",
			"sha256": "64 lower-case hexadecimal digits",
			"size":   "most bytes; 0 is 2 GiB",
			"name":   `its name in a folder of --distdir; "" is the last segment of the first URL`,
		},
		outputs: []star.FieldDoc{{Name: "file", Doc: "the file"}},
	},
	"inventory.table": {
		doc:    "Lists the components of several documents side by side, and reports libraries at several versions and licences that are not allowed.",
		params: inventory.TableParams{},
		fields: with(packageFields("documents.packages", "what is declared of its packages"), map[string]string{
			"label":            "the declaring target, for messages",
			"documents":        "the documents",
			"documents.label":  "the target of one",
			"wheels":           "the targets that declare the wheels, in the input's order",
			"allowed_licenses": "SPDX licences; empty: none is checked",
			"skew":             `severity of a library at several versions: "note", "warning" or "error"`,
		}),
		inputs:  []star.FieldDoc{inputWheels},
		outputs: []star.FieldDoc{{Name: "table", Doc: "the table as text"}, {Name: "json", Doc: "the table as JSON"}},
	},
	"inventory.unclaimed": {
		doc:    "Reports code that looks vendored and that no package claims.",
		params: inventory.UnclaimedParams{},
		fields: map[string]string{
			"claims":         "what packages claim",
			"claims.srcs":    "patterns of its files",
			"claims.exclude": "patterns of files that are not its, but known",
			"own":            "holders of copyright of the tree's own files, beside those that it states itself",
			"roots":          "folders of third-party code",
		},
		inputs:  []star.FieldDoc{{Name: "files", Doc: "all files of a tree"}},
		outputs: []star.FieldDoc{{Name: "report", Doc: "empty; as a validation it needs none"}},
	},
	"sbom.score":   scoreDoc,
	"spdx.convert": convertDoc,
	"spdx.checked_in": {
		doc:    "Holds a document that is checked in against the one that is built. What is wrong are findings (drift, stale); there is no output to read.",
		params: checkedin.Params{},
		fields: map[string]string{
			"label":          "the target that builds the document, for the command that writes it",
			"path":           "where the document lies in the tree",
			"tree":           "the target of the tree",
			"packages":       "the packages of the document, in its order",
			"packages.label": "the declaring target, for messages",
			"packages.local": "patterns of its files that may differ from what was released",
		},
		inputs: []star.FieldDoc{{Name: "checked_in", Doc: "the file of the tree; empty when there is none"}, {Name: "document", Doc: "the document that is built"},
			{Name: "files:N", Doc: "the files of the tree among which those of package number N are, from 0; none for a package without files"},
			{Name: "patches:N", Doc: "the patches that were applied to them"}, {Name: "tree_patches:N", Doc: "those of them that lie in the tree"}},
		outputs: []star.FieldDoc{{Name: "report", Doc: "nothing; who builds the target is told the findings"}},
	},
	"text.search": {
		doc: `Reports where files have text that they must not have, or lack text that they must have. With it a rule of a workspace has findings of its own, see [finding_rule](#finding_rule):

    NO_HTTP = finding_rule(id = "no-http", severity = "warning", doc = "an address is http://")

    def _no_http(ctx):
        ctx.actions.validate(
            "text.search",
            params = {
                "rule": NO_HTTP.id,
                "severity": NO_HTTP.severity,
                "message": "{match} is not https",
                "patterns": [r"http://(?P<host>[a-z0-9.-]+)"],
                "replace": "https://{host}",
            },
            inputs = {"files": ctx.actions.fileset(ctx.attr.tree[TreeInfo].tree, ctx.attr.srcs)},
        )

A template has {match}, the text that a pattern matched, {path}, the file, {pattern}, and {NAME} for each group ` + "`(?P<NAME>...)` of the pattern; `{{` and `}}`" + ` are braces.`,
		params: textsearch.Params{},
		fields: map[string]string{
			"rule":     `id of the findings, such as "no-http"; none of sbomctl's own`,
			"severity": `"error", "warning" or "note"`,
			"message":  "template of the findings' message: lower case, no full stop",
			"patterns": "regular expressions (https://github.com/google/re2/wiki/Syntax)",
			"expect":   `"none", the default: each match is a finding, at its place; "each_file": a file that a pattern does not match is one; "any_file": a pattern that matches in no file is one`,
			"replace":  "template of what a match should be instead, which check --fix writes; for one pattern that is expected nowhere. A match that would match again has no fix",
			"hints":    "lines that follow the message",
			"attr":     "attribute of the target that the findings are about",
		},
		inputs:  []star.FieldDoc{{Name: "files", Doc: "a file set; a file has at most 16 MiB"}},
		outputs: []star.FieldDoc{{Name: "report", Doc: "a line for each finding; as a validation it needs none"}},
	},
	"vendor.compare": {
		doc:    "Holds the files of a package against upstream's archive and the declared patches. What is unexplained, and patches that do not apply, it reports.",
		params: vendor.Params{},
		fields: map[string]string{
			"label":   "the declaring target, for messages",
			"archive": "the input upstream is there; else the patches are taken back from the files",
			"mapping": "file or folder of upstream -> the one of the tree",
			"local":   "patterns of files that are the project's own",
		},
		inputs: []star.FieldDoc{{Name: "files", Doc: "the package's files"}, {Name: "tree_patches", Doc: "the declared patches of the tree, in order"}, {Name: "patches", Doc: "those declared beside them, which come after"},
			{Name: "stray", Doc: "patch files of the tree, declared or not"}, {Name: "upstream", Doc: "every file of upstream's archive"}},
		outputs: []star.FieldDoc{{Name: "report", Doc: "the verdict of each file, as JSON; as a validation it needs none"}},
	},
	"wheel.packages": {
		doc:    "Reads what a wheel is and what is vendored in it.",
		params: wheel.Params{},
		fields: map[string]string{
			"label":             "the declaring target, for messages",
			"package_name":      `project that the wheel must be of: "pip"`,
			"vendor_txt":        `path in the wheel of the list of what it vendors; "" when it vendors nothing`,
			"lock":              "path of the lock file, for messages",
			"license":           `of the wheel's package; "" or NOASSERTION is what the lock says`,
			"license_refs":      "licences on no list that the wheel's expressions name",
			"license_refs.id":   `"LicenseRef-..."`,
			"license_refs.name": "what people call it",
			"license_refs.text": "its text",
			"license_refs.file": "none: a wheel's licence has its text",
			"license_declared":  "of the wheel's package, as it states it; \"\" is what its METADATA says, else the lock",
			"copyright":         "copyright lines of the wheel's package",
			"homepage":          "page of the wheel's package; \"\" is what its METADATA says, else the lock",
			"supplier":          "of the wheel's package, and of what is vendored in it",
			"originator":        `of the wheel's package: "Organization: NAME"; "" is the author that its METADATA names, else the lock`,
			"cpe":               "of the wheel's package; {version} is replaced",
		},
		inputs:  []star.FieldDoc{{Name: "wheel", Doc: "one file"}, {Name: "lock", Doc: "its lock file; may be empty"}},
		outputs: []star.FieldDoc{{Name: "packages", Doc: "the wheel's package and those that it vendors, as JSON"}},
	},
})
