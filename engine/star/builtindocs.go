package star

import "strings"

// The documentation of what Starlark files have beside Starlark's own functions and what they load. It is
// in Markdown, as that of rules; TestBuiltinDocs holds it against the code.

// BuiltinFunctions returns the documentation of the built-in functions, in the order of reading.
func BuiltinFunctions() []FunctionDoc {
	out := []FunctionDoc{
		{"load", `load(module, *names, **renamed)`, `Takes names from a .star file: of the workspace ("//:sbom.star", ":macros.star" beside this file), or of the program ("@sbomctl//:rules.star"). It is a statement at the beginning of a file.

Args:
  module: label of the file.
  names: strings, the names to take.
  renamed: names to take under other names: mine = "theirs".`},
		{"package", `package(default_visibility = None, waivers = [])`, `Sets what holds for every target of the package. It is called once, before the first target. Only in BUILD.star.

Args:
  default_visibility: the visibility of targets that say nothing. Default: ["//visibility:public"].
  waivers: [waive(...)](#waive) for findings about any target of the package.`},
		{"waive", `waive(rule, path = "", reason, until = "")`, `Says that findings do not count: in the waivers of a target they are those about it, in those of package() those about any of its targets. Waived findings fail nothing and are not told, but counted, and sbomctl check has them in its JSON and SARIF. Waivers are held against findings where these are told: editing one builds nothing again.

A waiver that covers no finding any more is a finding (waiver) of sbomctl check //... itself, and so is one past its date.

Args:
  rule: id of the rule that finds, such as "unclaimed".
  path: pattern of the paths it is for, as the tree calls them, such as "Modules/_x/**"; for a finding about a pattern, that pattern. Default: all that the rule finds.
  reason: why they do not count.
  until: the last day on which they do not, as in "2027-03-01". The day is that of --today=YYYY-MM-DD, or of the environment variable SOURCE_DATE_EPOCH; without either, dates are not held.`},
		{"package_name", `package_name()`, `Returns the name of the package that is evaluated, "" for the root. In BUILD.star, and in macros that it calls.`},
		{"glob", `glob(include, exclude = [], allow_empty = True)`, `Returns the paths of the files of the package that the patterns match, sorted. Folders that are packages of their own are left out. In BUILD.star, and in macros that it calls.

Args:
  include: patterns: ` + "`*` is any part of a name, `**` any number of folders" + `. Wildcards skip names that begin with a dot.
  exclude: patterns of files to leave out.
  allow_empty: False makes it an error that nothing matches.`},
		{"rule", `rule(implementation, attrs = {}, doc = "")`, `Makes a rule: a function that declares a target. It is called at the top level of a .star file, and its result is assigned to a global name, which is the rule's.

Args:
  implementation: a function of one parameter, [ctx](#ctx). It returns a list of provider instances, DefaultInfo among them when the target has outputs.
  attrs: dictionary from names to [attr](#attrstring).TYPE(...). Every rule has name, tags, visibility and waivers as well.
  doc: what it does, in Markdown.`},
		{"provider", `provider(doc = "", fields = None)`, `Makes a provider: a kind of record that targets hand to the targets above them. It is assigned to a global name of a .star file. Calling it with the fields as named arguments makes an instance; a rule returns instances, and target[Provider] finds one.

Args:
  doc: what it says of a target.
  fields: dictionary from the names of the fields to their documentation, or a list of names. Default: any fields.`},
		{"finding_rule", `finding_rule(id, severity = "error", doc = "")`, `Describes what a rule of your own finds: once, in a global of sbom.star, so that reports say what the id means and sbomctl help shows it. It has the fields id, severity and doc, which go to the operation that reports, such as [text.search](#textsearch).

Args:
  id: lower-case words joined by "-".
  severity: "error" when what ships is wrong, "warning" when that is likely, "note" when it is worth knowing.
  doc: what it says, in a line; below an empty line, what is looked at, why it matters and what to do, in Markdown.`},
		{"DefaultInfo", `DefaultInfo(files = [])`, `The provider that every target has: what is built when the target is asked for.

Args:
  files: the target's outputs, as ctx.actions.declare_output returned them.`},
		{"struct", `struct(**fields)`, `Makes a record of these fields, which are read as attributes.`},
		{"fail", `fail(*args, sep = " ", attr = None)`, `Ends the evaluation with an error: of the target whose implementation calls it, or of the macro's call in BUILD.star. Lines after the first are hints.

Args:
  args: the words of the message.
  sep: what is put between them.
  attr: attribute that is to blame; the error is placed there.`},
		{"json", `json.encode(x), json.decode(s), json.indent(s)`, `Starlark's [json module](https://pkg.go.dev/go.starlark.net/lib/json).`},
	}
	for _, typ := range attrTypes {
		out = append(out, attrFunction(typ))
	}
	return append(out,
		FunctionDoc{"ctx.option", `ctx.option(name)`, `Returns what the user said of a build option, "" for nothing. There is one: source_date_epoch, from the environment variable SOURCE_DATE_EPOCH.

Args:
  name: the option's name.`},
		FunctionDoc{"ctx.actions.declare_output", `ctx.actions.declare_output(name)`, `Declares a file that an action of this target writes, and returns it as a [File](#file).

Args:
  name: its path below sbom-out/PACKAGE.`},
		FunctionDoc{"ctx.actions.write", `ctx.actions.write(output, content)`, `Adds an action that writes a text.

Args:
  output: what declare_output returned.
  content: the text.`},
		FunctionDoc{"ctx.actions.run", `ctx.actions.run(operation, params = {}, inputs = {}, outputs = {}, mnemonic = "")`, `Adds an action that applies an [operation](#operations) to files. It runs when an output is asked for, and when what the operation, the parameters and the inputs are differs from all runs before.

Args:
  operation: the operation's name, such as "spdx.checksums".
  params: dictionary of its parameters, of values that JSON has.
  inputs: dictionary from the names of its inputs to what they are: a file, file set, tree, target (its files), or a list of these.
  outputs: dictionary from the names of its outputs to what declare_output returned.
  mnemonic: a word for it in messages. Default: the operation's name.`},
		FunctionDoc{"ctx.actions.run_container", `ctx.actions.run_container(image, command, outputs, platform, inputs = [], env = {}, timeout = 0, network = False, mount = "/src", workdir = "", listing = None, perturbed = False, mnemonic = "")`, `Adds an action that runs a command in a container. It runs when an output is asked for, and when the image's digest, the platform, the command, the environment or a file among the inputs differs from all runs before: a Remote Execution API action with this key is what any executor would run.

The command sees the image, read-only, and the files of inputs in a folder of their own, which it may write to; no network, no other file of this machine, no clock that says when the files were made (each was modified at SOURCE_DATE_EPOCH). What it leaves behind beside its outputs is thrown away. It runs under bubblewrap on Linux, as another user without rights. Its environment is that of the image, HOME=/tmp, LANG=C.UTF-8, TZ=UTC, SOURCE_DATE_EPOCH=315532800, and env.

Args:
  image: what has the fields repository and digest, such as the ContainerInfo of a [container_image](#container_image). oci_layout, a folder of the workspace that is asked for the image first, and insecure, which allows plain http, are looked at where they are there, and change no key.
  command: the program and its arguments; no shell.
  outputs: dictionary from the paths of files that it makes, as seen from where it runs, to what declare_output returned. They keep whether they are executable. An output that it does not make is an error, and so is one that is no file.
  platform: "linux/amd64" and the like: that of the image, and of the machine.
  inputs: a list of files, file sets, trees and targets, each file of which lies at its own path; or a dictionary from "folder/" ("" is the root) to those that lie below it, and from "file" to the one that is called so. Two files at one path are an error, unless they are the same, and so is one at the path of an output.
  env: dictionary of environment variables.
  timeout: seconds after which it is killed. Default: ten minutes.
  network: whether it may use the network. Then what it makes is not known by its inputs any more, which every check notes.
  mount: where the inputs lie in the container.
  workdir: folder of the inputs in which it runs.
  listing: what declare_output returned: gets a JSON object of what else the command made, changed and removed. It is part of the key.
  perturbed: run it under another clock, time zone, locale, umask, user, host name and processor count, with other times and another order of files, so that an output which depends on one of them differs.
  mnemonic: a word for it in messages. Default: the program's name.`},
		FunctionDoc{"ctx.actions.validate", `ctx.actions.validate(operation, params = {}, inputs = {}, mnemonic = "", group = "")`, `Adds an action that checks something and has no output for others: it runs beside each build of the target or of one above it, and its error fails the command, though not the outputs. --norun_validations leaves it out.

Args:
  operation: as in run.
  params: as in run.
  inputs: as in run.
  mnemonic: as in run.
  group: a name, for what costs too much to be done each time: it runs only when a command asks for the group, as sbomctl audit --level=5 does for "deterministic". Default: it runs in every build and check.`},
		FunctionDoc{"ctx.actions.tree", `ctx.actions.tree(path = "", archive = None, strip_prefix = None)`, `Returns a lazy [Tree](#tree) of files: a folder, or an archive that is read without being unpacked. --override=LABEL=PATH of this target puts another one in its place.

Args:
  path: folder or archive, relative to the workspace's root. Exactly one of path and archive is given.
  archive: a file, or a target with one.
  strip_prefix: folder of an archive that is the tree's root. None: its only top-level folder.`},
		FunctionDoc{"ctx.actions.fileset", `ctx.actions.fileset(tree, include, exclude = [], require_all = True, links = "follow", include_attr = None, exclude_attr = None)`, `Returns the [FileSet](#fileset) of a tree that patterns match, in the order of the patterns, then by path. It is looked up when an action needs it.

Args:
  tree: the tree.
  include: patterns: ` + "`*` is any part of a name, `**` any number of folders" + `. Wildcards skip names that begin with a dot.
  exclude: patterns of files to leave out.
  require_all: an error when a pattern matches nothing.
  links: what a symbolic link is. "follow": the file that it leads to, nothing where that is a folder, and an error where it leads nowhere or out of the tree. "skip": it is left out there, with a note, as is every member that cannot be used.
  include_attr: the attribute that the patterns of include are the value of, so that a message about one of them points at its line; a list has one for each.
  exclude_attr: the same of exclude.`},
		FunctionDoc{"ctx.actions.members", `ctx.actions.members(tree, links = "follow")`, `Returns the [FileSet](#fileset) of all files of a tree; of an archive in its order.

Args:
  tree: the tree.
  links: what a symbolic link is. "follow": the file that it leads to, nothing where that is a folder, and an error where it leads nowhere or out of the tree. "keep": a link, and an empty folder is listed as well; for operations that tell them from files. "skip": the file that it leads to, and where that is none, it is left out, as is every member that cannot be used.`},
	)
}

// attrFunction is the documentation of attr.typ.
func attrFunction(typ string) FunctionDoc {
	what := map[string]string{
		typeString: "a string", typeInt: "a number", typeBool: "True or False",
		typeStringList: "a list of strings", typeIntList: "a list of numbers", typeStringDict: "a dictionary from strings to strings",
		typeIntDict:    "a dictionary from strings to numbers",
		typeStructList: "a list of structs, which functions such as regex make", typeLabel: "a target", typeLabelList: "a list of targets",
		typeLabelDict: "a dictionary from strings to targets", typeLabelKeyedStringMap: "a dictionary from targets to strings", typeAny: "any data",
	}[typ]
	d := FunctionDoc{Name: "attr." + typ, Doc: "An attribute whose value is " + what + ".\n\nArgs:\n" +
		"  doc: what it is, in Markdown.\n  mandatory: it must be given.\n  default: its value where it is not given."}
	params := `doc = "", mandatory = False, default = None`
	switch typ {
	case typeString, typeInt, typeStringList, typeIntList:
		params += ", values = None"
		d.Doc += "\n  values: the only values that are allowed."
	case typeLabel, typeLabelList, typeLabelDict, typeLabelKeyedStringMap:
		params += ", providers = None, allow_files = False"
		d.Doc += "\n  providers: what the targets must provide: a list of providers, or a list of such lists, one of which suffices." +
			"\n  allow_files: a path of the package's files may stand for a target."
		d.Doc = strings.Replace(d.Doc, ".\n\nArgs:", ": in BUILD.star its label, in ctx.attr the [Target](#target).\n\nArgs:", 1)
	}
	d.Signature = d.Name + "(" + params + ")"
	return d
}

// BuiltinTypes returns the documentation of the values that a rule's implementation meets.
func BuiltinTypes() []ProviderDoc {
	return []ProviderDoc{
		{"ctx", "What the implementation of a rule is called with: the target that is analysed.", []FieldDoc{
			{"actions", "functions that add actions and declare outputs: [ctx.actions.run](#ctxactionsrun) and the others"},
			{"attr", "the attributes, by name; a label is the [Target](#target) that it names"},
			{"check", "[checks of values](#checks): `ctx.check.KIND(value, \"attribute\")` reports a value that is not valid at its attribute, goes on, and returns whether it is"},
			{"files", "the files of the targets of a label attribute, by the attribute's name: a list of [File](#file)s"},
			{"label", "the target's [Label](#label)"},
			{"option", "[ctx.option](#ctxoption)"},
			{"text", "[texts](#texts): `ctx.text.KIND(value, \"attribute\")` makes one text of another; where it cannot, it reports that at the attribute, and returns \"\""},
		}},
		{"Target", "A target that an attribute names. `target[Provider]` is what it provides, `Provider in target` whether it does.", []FieldDoc{
			{"files", "its outputs, a list of [File](#file)s"},
			{"label", "its [Label](#label)"},
			{"providers", "all that it provides, [DefaultInfo](#defaultinfo) first: what a rule returns that gives a target another name"},
		}},
		{"Label", "The name of a target; str() writes it in full.", []FieldDoc{
			{"name", "the part after the colon"},
			{"package", "the part between // and the colon"},
			{"repo", `"sbomctl" for what is part of the program, "" for the workspace`},
		}},
		{"File", "A file of the workspace, or one that an action writes. Its content is not known to a rule.", []FieldDoc{
			{"basename", "the last segment of its path"},
			{"dirname", "its path without the last segment"},
			{"extension", "what follows the last dot of its name, \"\" without one"},
			{"is_source", "True for a file of the workspace"},
			{"owner", "the [Label](#label) of the target that writes it; None for a file of the workspace"},
			{"path", "its path, relative to the workspace's root or to sbom-out"},
		}},
		{"Tree", "A lazy tree of files, see [ctx.actions.tree](#ctxactionstree).", []FieldDoc{
			{"archive", "the archive's [File](#file), None for a path"},
			{"owner", "the [Label](#label) of the target that made it"},
			{"path", "its path in the workspace, \"\" for a file that is built"},
		}},
		{"FileSet", "Files of a tree, see [ctx.actions.fileset](#ctxactionsfileset).", []FieldDoc{
			{"exclude", "the patterns of files that are left out"},
			{"include", "the patterns"},
			{"tree", "the [Tree](#tree)"},
		}},
	}
}
