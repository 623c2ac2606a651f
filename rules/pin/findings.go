package pin

import "github.com/sbomctl/sbomctl/engine/finding"

// The rules of the findings of this package.
const (
	NotPinnedID       = "not-pinned"
	DriftID           = "reference-drift"
	UndeclaredID      = "undeclared-image"
	ActionNotPinnedID = "action-not-pinned"
	UnresolvedID      = "unresolved-image"
)

// Findings describes them.
var Findings = []finding.Rule{
	{
		ID: NotPinnedID, Severity: finding.Warning, Title: "a container image is named by a tag alone",
		Help: "A tag is a name that its owner can move to another image at any time; only a digest names the same bytes tomorrow. Either a `container_image` declares no\n" +
			"digest, or one of its `references` names an image by a tag alone. Where the digest is declared, and the reference has lost it, that is an error.\n" +
			"Tag and digest are declared together: a digest alone says to nobody which version it is, and an audit cannot ask whether its tag moved.\n\n" +
			"What to do: `sbomctl pin //:cpython_autoconf` asks the registry for the digest of the tag, and writes it into `BUILD.star` and into the references. Where the digest\n" +
			"is declared already, `sbomctl check --fix` writes it into the references, and asks nobody.",
	},
	{
		ID: DriftID, Severity: finding.Error, Title: "a file names another image than the one that is declared",
		Help: "A file among the `references` of a `container_image` names the declared repository by another digest or another tag, or names another image for the declared\n" +
			"`role`: so what is declared, and audited, is not what runs. A reference by the declared digest that leaves out the tag is a warning: it runs the declared\n" +
			"image, but does not say which version that is.\n\n" +
			"What to do: where the declaration is right, `sbomctl check --fix` writes it into the file. Where the file is right, edit the declaration, or move it by\n" +
			"`sbomctl pin //:cpython_autoconf --tag TAG`.",
	},
	{
		ID: UndeclaredID, Severity: finding.Warning, Title: "a file names a container image that nobody declared",
		Help: "A file among the `references` of a `container_image` or a `container_references` names an image that is not among the declared ones, so nobody looks whether it\n" +
			"is still what it was: a base image of a Dockerfile, a service or the container of a workflow's job, the image of a `docker run`.\n\n" +
			"What to do: declare it with a `container_image`. Where the file names several, list them all in one `container_references`.",
	},
	{
		ID: ActionNotPinnedID, Severity: finding.Warning, Title: "a GitHub action is used by a tag or a branch",
		Help: "`uses: owner/action@v4` runs whatever the owner of the action has that name point to at that time, with the workflow's secrets. Only the 40 digits of a commit\n" +
			"name code that stays what it is. Actions of the repository itself (`./...`) are its own code.\n\n" +
			"What to do: write the commit that the tag has now, and the tag in a comment behind it: `uses: actions/checkout@<40 digits> # v4`. Tools that update\n" +
			"actions keep the two together.",
	},
	{
		ID: UnresolvedID, Severity: finding.Note, Title: "which container image a file names is known only when it runs",
		Help: "The image is named by a variable that the file does not set, or by an expression of a workflow, such as `${{ matrix.image }}`; or what stands where an image is\n" +
			"named is no reference of one, or the file cannot be read (a warning). Nothing can be said of it: neither that it is pinned nor that it is not.\n\n" +
			"What to do: look where the value comes from; where it is written down, list that file among the `references`, too.",
	},
}
