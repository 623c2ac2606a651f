package cpython

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/finding"
	"github.com/sbomctl/sbomctl/rules/pin"
)

const (
	// containerPath is the script that regenerates configure in a container.
	containerPath = "Tools/build/regen-configure.sh"
	// containerRole is the word that the names of such images have.
	containerRole = "autoconf"
	// maxImages bounds how many are declared.
	maxImages = 16
)

// container declares the images that configure is regenerated in. One that is named by a tag alone is declared without a digest, which is
// never made up: pin asks for it.
func (im *importer) container() error {
	src := im.files[containerPath]
	if src == nil {
		im.missing(containerPath, "no container is declared")
		return nil
	}
	if err := diag.CheckText(containerPath, src); err != nil {
		return err
	}
	images := pin.NamedIn(containerPath, src)
	if len(images) == 0 {
		im.note("import", finding.Note, diag.File(containerPath), "the script names no container image, so none is declared")
	}
	var declared []declaration
	var waiting strings.Builder
	for _, i := range images[:min(len(images), maxImages)] {
		r := i.Declared()
		err := pin.CheckRepository(r.Repository)
		if err == nil && r.Digest != "" {
			err = pin.CheckDigest(r.Digest)
		}
		if err != nil {
			im.note("import", finding.Warning, i.Pos, fmt.Sprintf("the container image %s is not declared: %s", i.Reference, message(err)))
			continue
		}
		if r.Tag == "" {
			im.note(pin.NotPinnedID, finding.Warning, i.Pos, fmt.Sprintf("the container image %s has no tag, so it is not declared", i.Reference),
				"tag and digest are declared together: add the tag to the comment in BUILD.star")
			waiting.WriteString("\n" + comment([]string{
				fmt.Sprintf("%s runs %s:", containerPath, i.Reference),
				"no tag says which version that is, so this waits for one.",
				"",
				"    container_image(",
				"        name = \"cpython_autoconf\",",
				"        repository = " + quote(r.Repository) + ",",
				"        tag = \"...\",",
				"        digest = " + quote(r.Digest) + ",",
				"    )",
			}))
			continue
		}
		name := path.Base(r.Repository)
		if r.InRole(containerRole) {
			name = "cpython_autoconf"
		}
		d := declaration{rule: "container_image", name: unused(im.used, "", name)}
		d.comment = []string{"What " + containerPath + " regenerates configure in."}
		d.set("repository", r.Repository)
		d.set("tag", r.Tag)
		d.set("digest", r.Digest)
		if r.Digest == "" {
			label := "//:" + d.name
			im.note(pin.NotPinnedID, finding.Warning, i.Pos, fmt.Sprintf("the container image %s is not pinned: its tag can be moved to another image", i.Reference),
				"sbomctl pin "+label+" asks the registry for its digest, and writes it into BUILD.star and the script")
			d.comment = append(d.comment, "No digest is stated anywhere: sbomctl pin "+label+" asks the registry for it.")
		}
		if r.InRole(containerRole) {
			d.set("role", containerRole)
		}
		im.origins["//:"+d.name] = origin{r.Repository, i.Pos}
		declared = append(declared, d)
	}
	references := []attribute{{"references", quoteList([]string{containerPath})}, {"tree", quote(":" + treeLabel.Name)}}
	var names []string
	var b strings.Builder
	for _, d := range declared {
		if len(declared) == 1 {
			d.attrs = append(d.attrs, references...)
		}
		names = append(names, quote(":"+d.name))
		b.WriteString("\n" + d.text())
	}
	if len(declared) > 1 {
		d := declaration{rule: "container_references", name: unused(im.used, "", "container_references")}
		d.attrs = slices.Concat([]attribute{{"images", list(names)}}, references)
		b.WriteString("\n" + d.text())
	}
	im.images = b.String() + waiting.String()
	return nil
}
