package rules

import (
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
	"github.com/sbomctl/sbomctl/rules/spdx"
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

// What several operations have.
var (
	inputWheels   = star.FieldDoc{Name: "wheels", Doc: "outputs of wheel.packages; may be empty"}
	inputTexts    = star.FieldDoc{Name: "license:LABEL", Doc: "the files of the licences that the target's license_refs name"}
	inputSum      = star.FieldDoc{Name: "sha512", Doc: "output of spdx.sha512 for the artifact; may be empty"}
	outDocument   = star.FieldDoc{Name: "document", Doc: "the SPDX document"}
	productFields = map[string]string{
		"product":                      "what every document says of the product itself",
		"product.label":                "the declaring target, for messages",
		"product.name":                 `its name: "CPython"`,
		"product.license":              "SPDX licence expression that was concluded",
		"product.originator":           `"Organization: NAME"`,
		"product.supplier":             `of the product, and in the profile "upstream" of everything that is shipped in it`,
		"product.license_declared":     "SPDX licence expression that it states of itself",
		"product.license_refs":         "licences on no list that its expressions name",
		"product.license_refs.id":      `"LicenseRef-..."`,
		"product.license_refs.name":    "what people call it",
		"product.license_refs.text":    "its text",
		"product.license_refs.file":    `the file that is its text, where text is ""`,
		"product.copyright":            "copyright lines",
		"product.homepage":             "page of its project",
		"product.cpes":                 "more CPEs",
		"product.vcs_url":              "its sources, git+https://HOST/PATH@TAG",
		"product.cpe":                  "CPE 2.3 formatted string; {version} is replaced",
		"product.purl":                 "package URL; {version} is replaced",
		"product.download_url":         "where an artifact is published; the document's namespace is this and \".spdx.json\"",
		"product.creators":             `"Tool: NAME", ...`,
		"product.created":              `"YYYY-MM-DDThh:mm:ssZ"`,
		"product.license_list_version": "of the SPDX licence list",
		"product.naming":               "what file names say; a call of release_naming",
		"product.naming.patterns":      "regular expressions over whole names; [] is NAME-VERSION[-REST].EXTENSION",
		"product.naming.builds":        "group -> value -> what such a build is called",
		"product.profile":              "\"complete\" or \"upstream\"; see the attribute profile of product",
	}
)

// packageFields is what is declared of packages, in the list that the parameter name is.
func packageFields(name, doc string) map[string]string {
	out := map[string]string{name: doc}
	for field, doc := range map[string]string{
		"label":             "the declaring target, for messages",
		"name":              "its name in documents",
		"version":           `its version; "": it is not known`,
		"license":           `SPDX licence expression; "" is NOASSERTION`,
		"originator":        `who made it: "Organization: NAME" or "Person: NAME (EMAIL)"`,
		"supplier":          "who supplies it, likewise",
		"download_url":      `where this version was downloaded from; "" is NOASSERTION`,
		"sha256":            `of the download; "" or NOASSERTION: none is stated`,
		"sha1":              "SHA-1 of the download",
		"md5":               "likewise",
		"cpe":               "CPE 2.3 formatted string",
		"purl":              "package URL",
		"license_declared":  "SPDX licence expression that it states of itself",
		"license_refs":      "licences on no list that its expressions name",
		"license_refs.id":   `"LicenseRef-..."`,
		"license_refs.name": "what people call it",
		"license_refs.text": "its text",
		"license_refs.file": `the file that is its text, where text is ""`,
		"copyright":         `copyright lines; "" is NOASSERTION`,
		"sha512":            "of the download, as sha256",
		"cpes":              "more CPEs",
		"homepage":          "page of its project",
		"purpose":           `primaryPackagePurpose of SPDX; "" is SOURCE`,
		"comment":           "of the package, in the document",
		"only":              "group of an artifact's name -> values: binaries of other names do not contain it",
		"not_in":            "the same of binaries that do not contain it",
		"replaces":          "labels of packages of the base that it stands in for in binaries",
	} {
		out[name+"."+field] = doc
	}
	return out
}

// with is all entries of the fields.
func with(fields ...map[string]string) map[string]string {
	out := map[string]string{}
	for _, m := range fields {
		for name, doc := range m {
			out[name] = doc
		}
	}
	return out
}

// operationDocs is by name. TestOperationDocs holds it against the operations.
var operationDocs = map[string]operationDoc{
	pin.OperationName:       imageDoc,
	pin.GroupOperationName:  imagesDoc,
	reproduce.CheckedInName: madeDoc,
	reproduce.CompareName:   runsDoc,
	"spdx.whole":            wholeDoc,
	"spdx.product":          productDoc,
	"spdx.sha512":           sha512Doc,
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
		fields: map[string]string{
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
			"rules":                     "calls of regex() and absent()",
			"rules.path":                "a file, or a pattern",
			"rules.pattern":             "a regular expression with named groups",
			"rules.facts":               "fact -> template that makes it of the groups",
			"rules.absent":              "the pattern must match nothing",
			"only":                      "facts that are compared; none: all",
			"written":                   "texts in which the version may be written, too, as the tag of a URL; then the fix is sbomctl bump instead of an edit",
			"checksum":                  "a checksum is declared; then, too, unless the files state the same",
		},
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
	"spdx.own": {
		doc:    "Compares an SBOM that lies in a tree with the one that is built.",
		params: spdx.OwnParams{},
		fields: map[string]string{
			"label":              "the declaring target, for messages",
			"own":                "path of the SBOM in the tree",
			"tree":               "the tree, for messages",
			"superseded":         "calls of superseded()",
			"superseded.package": "name of a package",
			"superseded.reason":  "why the declaration is right",
			"superseded.says":    "field -> what the SBOM says in it",
			"superseded.fields":  "fields in which it says whatever it says",
		},
		inputs:  []star.FieldDoc{{Name: "own", Doc: "the SBOM; none when there is no such file"}, {Name: "document", Doc: "the one that is built"}},
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
	"spdx.base": {
		doc:    "Writes the SBOM of vendored packages with their files.",
		params: spdx.PackagesParams{},
		fields: packageFields("packages", "in the document's order"),
		inputs: []star.FieldDoc{{Name: "checksums", Doc: "output of spdx.checksums for each package, in the same order"},
			{Name: "vendored", Doc: "outputs of vendor.compare, which become comments of files"}, inputTexts},
		outputs: []star.FieldDoc{outDocument},
	},
	"spdx.binary": {
		doc:    "Writes the SBOM of a binary artifact: packages, no files. What its name says that it does not contain is left out, and the document's comment says why.",
		params: spdx.BinaryParams{},
		fields: with(productFields, packageFields("deps", "the platform's source dependencies, in declared order"), packageFields("base", "the vendored packages, likewise"), packageFields("packages", "more packages that it contains"), map[string]string{
			"artifact":      "file name, which says what it is",
			"sha256":        `its checksum; "" when it is an input`,
			"sha512":        "likewise",
			"purpose":       "primaryPackagePurpose of SPDX; \"\" is APPLICATION",
			"unknown":       `why nobody knows its checksum; "" when it is known`,
			"url":           `where it is published; "" is where the product says, NOASSERTION nowhere`,
			"wheels":        "what is declared of each file of the input wheels, in their order; [] says nothing of any",
			"wheels.label":  "the declaring target, for messages",
			"wheels.only":   "as that of packages",
			"wheels.not_in": "as that of packages",
		}),
		inputs:  []star.FieldDoc{{Name: "artifact", Doc: "the artifact; empty when sha256 is given"}, inputSum, inputWheels, inputTexts},
		outputs: []star.FieldDoc{outDocument},
	},
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
	"spdx.checksums": {
		doc:     "Lists files with their checksums, as a document has them: of a text file, with CRLF as LF.",
		params:  spdx.ChecksumsParams{},
		fields:  map[string]string{"patterns": "the patterns of the file set: files go by the text of the pattern that matched, then by path; [] keeps the file set's order of patterns"},
		inputs:  []star.FieldDoc{{Name: "files", Doc: "a file set"}},
		outputs: []star.FieldDoc{{Name: "checksums", Doc: "a line for each file"}},
	},
	"spdx.deps": {
		doc:     "Writes the SBOM of packages without files.",
		params:  spdx.PackagesParams{},
		fields:  packageFields("packages", "in the document's order"),
		inputs:  []star.FieldDoc{inputTexts},
		outputs: []star.FieldDoc{outDocument},
	},
	"spdx.source": {
		doc:    "Writes the SBOM of a source archive: every file in it, the vendored packages, the wheels.",
		params: spdx.SourceParams{},
		fields: with(productFields, packageFields("packages", "what is declared of the packages of the base SBOM"), map[string]string{
			"artifact":           "file name, which says what it is",
			"superseded":         "calls of superseded()",
			"superseded.package": "name of a package",
			"superseded.reason":  "why the declaration is right",
			"superseded.says":    "field -> what the archive's own SBOM says in it",
			"superseded.fields":  "fields in which it says whatever it says",
			"label":              "the declaring target, for messages",
			"base_label":         "target of the base SBOM, for messages",
			"own":                "pattern of the archive's own SBOM, for messages",
		}),
		inputs: []star.FieldDoc{{Name: "archive", Doc: "the archive"}, {Name: "members", Doc: "all its files, in its order; links too"}, {Name: "own", Doc: "its own SBOM; may be empty"},
			{Name: "base", Doc: "output of spdx.base"}, {Name: "whole", Doc: "output of spdx.whole, with which an SBOM of its own that is whole is compared; may be empty"}, inputSum, inputWheels, inputTexts},
		outputs: []star.FieldDoc{outDocument},
	},
	"spdx.valid": {
		doc:     "Looks whether a whole SPDX document is valid, and has NTIA's minimum elements. What is not are findings (spdx).",
		params:  spdx.ValidParams{},
		fields:  map[string]string{"path": `where the document lies, when it is a source file; "" for one that is built`},
		inputs:  []star.FieldDoc{{Name: "document", Doc: "the document"}},
		outputs: []star.FieldDoc{{Name: "report", Doc: "nothing; who builds the target is told the findings"}},
	},
	"spdx.version": {
		doc:    "Looks whether an artifact's name and a tree state one version. That they do not is a finding (release-version).",
		params: spdx.VersionParams{},
		fields: map[string]string{"artifact": "file name", "label": "the product's target, for messages", "rules": "where the tree states the version, as evidence.check has them",
			"naming": "what file names say; a call of release_naming", "naming.patterns": "regular expressions over whole names; [] is NAME-VERSION[-REST].EXTENSION", "naming.builds": "no part of this"},
		inputs:  []star.FieldDoc{{Name: "evidence", Doc: "the files of the tree that rules name"}},
		outputs: []star.FieldDoc{{Name: "report", Doc: "empty; as a validation it needs none"}},
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
}

// Checks returns the documentation of the kinds of ctx.check, sorted by name.
func Checks() []star.FieldDoc {
	var out []star.FieldDoc
	for name := range checks {
		out = append(out, star.FieldDoc{Name: name, Doc: checkDocs[name]})
	}
	slices.SortFunc(out, func(a, b star.FieldDoc) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// checkDocs is by kind. TestCheckDocs holds it against checks.
var checkDocs = map[string]string{
	"agent":          `"Organization: NAME" or "Person: NAME (EMAIL)"`,
	"cpe_of":         "a version, a space, and a CPE 2.3 formatted string that has this version",
	"created":        `a time as "YYYY-MM-DDThh:mm:ssZ"`,
	"creator":        `"Tool: NAME", "Organization: NAME" or "Person: NAME (EMAIL)"`,
	"folder":         "a path of a folder of the workspace, relative to its root",
	"path":           "a path of a file or folder, relative and without \"..\"",
	"regex":          "a regular expression",
	"evidence":       "a call of regex() or absent(), as JSON: path, pattern, facts, absent",
	"license_of":     "names of LicenseRef- that are defined, joined with commas, a space, and an SPDX licence expression that names no other",
	"license_ref":    "the name of a licence on no list: LicenseRef- and letters, digits, \".\" and \"-\"",
	"sha512":         "128 lower-case hexadecimal digits, not all zeros",
	"text":           "a text of several lines, without control characters",
	"vcs":            "sources at a tag or commit: git+https://HOST/PATH@TAG",
	"license":        "an SPDX licence expression",
	"naming":         "a regular expression over file names with the named group version, or base_version and prerelease",
	"sha1":           "40 lower-case hexadecimal digits",
	"md5":            "32 lower-case hexadecimal digits",
	"oci_digest":     `"sha256:" and 64 lower-case hexadecimal digits`,
	"oci_platform":   `a platform of an image: "linux/amd64" or "linux/arm64/v8"`,
	"oci_role":       "one word in lower-case letters and digits",
	"oci_signer":     "a signer, as JSON: the fields of [signer](#signer) that are not empty",
	"oci_tag":        "a tag of a repository",
	"oci_repository": `registry and repository, such as "quay.io/tiran/cpython_autoconf"`,
	"pattern":        "a pattern of paths, as of ctx.actions.fileset",
	"purl_of":        "a version, a space, and a package URL that has this version",
	"standard":       "a standard that [sbom_score](#sbom_score) knows",
	"sha256":         "64 lower-case hexadecimal digits",
	"url":            "a URL that something can be downloaded from",
	"mount":          "an absolute path in a container that nothing else is at",
	"variable":       "the name of an environment variable",
	"word":           "a name or version: not empty, no spaces or control characters",
}
