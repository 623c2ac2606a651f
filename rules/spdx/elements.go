package spdx

import (
	"cmp"
	"strings"

	"github.com/sbomctl/sbomctl/rules/ident"
)

// What BSI TR-03183-2 and CISA's minimum elements ask a whole document to say, beside what is declared; docs/score.md lists all of it.

// elements says that nobody knows who made a package where that is so, and what kind of file the deployed ones are.
func (d *Document) elements() {
	for i := range d.Packages {
		p := &d.Packages[i]
		p.Originator = cmp.Or(p.Originator, ident.NoAssertion)
		p.Annotations = append(p.Annotations, d.fileKind(p.FileName)...)
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
