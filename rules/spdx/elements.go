package spdx

import (
	"cmp"
	"strings"

	"github.com/sbomctl/sbomctl/rules/ident"
)

// What standards for SBOMs ask a whole document to say, beside what is declared; docs/score.md lists all of it.

// generation is the kind of these documents by the words of CISA's types of SBOMs, which the creators' comment has (SPDX 2.3.1, annex L.2.2).
const generation = "SBOM type: Source. Made from the source tree and what is declared of it."

// elements says how the document was made, what is not known of its packages, and what kind of file the deployed ones are.
func (d *Document) elements() {
	d.Creation.Comment = generation
	made := make(map[string]bool, len(d.Packages)) // packages of which it is said what they are made of
	known := make(map[string]bool, len(d.Packages))
	for _, p := range d.Packages {
		known[p.ID] = true
	}
	for _, r := range d.Relationships {
		if (r.Type == contains || r.Type == dependsOn) && known[r.Related] {
			made[r.Element] = true
		}
	}
	for i := range d.Packages {
		p := &d.Packages[i]
		p.Originator = cmp.Or(p.Originator, ident.NoAssertion)
		p.Annotations = append(p.Annotations, d.fileKind(p.FileName)...)
		if !made[p.ID] {
			// A library may have code of others in it, too: nobody looked.
			d.Relationships = append(d.Relationships, Relationship{Element: p.ID, Type: dependsOn, Related: ident.NoAssertion})
		}
	}
}

// Annotation is a remark on a package. Properties, which SPDX 2.3 does not have, are remarks of the form "NAME=VALUE".
type Annotation struct {
	Annotator, Date, Comment string
}

// archives are the endings of files that are archives and nothing else, whose content can be listed.
var archives = []string{".tgz", ".tar.gz", ".tar.xz", ".tar.bz2", ".tar.zst", ".zip", ".whl", ".nupkg", ".msix"}

// fileKind says of a deployed file what BSI TR-03183-2 asks for in section 5.2.2, in the words of BSI's properties, as far as its name tells.
func (d *Document) fileKind(name string) []Annotation {
	var comment string
	for _, ending := range archives {
		if strings.HasSuffix(name, ending) {
			comment = "bsi:component:archive=archive bsi:component:executable=non-executable bsi:component:structured=structured"
		}
	}
	if strings.HasSuffix(name, ".exe") {
		comment = "bsi:component:executable=executable"
	}
	if comment == "" {
		return nil
	}
	annotator := d.Creation.Creators[0]
	for _, c := range d.Creation.Creators {
		if strings.HasPrefix(c, "Tool: ") {
			annotator = c
			break
		}
	}
	return []Annotation{{annotator, d.Creation.Created, comment}}
}

func writeAnnotations(j *jsonWriter, annotations []Annotation) {
	if len(annotations) == 0 {
		return
	}
	j.key("annotations")
	j.open('[')
	for _, a := range annotations {
		j.item()
		j.open('{')
		j.member("annotationDate", a.Date)
		j.member("annotationType", "OTHER")
		j.member("annotator", a.Annotator)
		j.member("comment", a.Comment)
		j.close('}')
	}
	j.close(']')
}
