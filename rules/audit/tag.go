package audit

import (
	"context"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sbomctl/sbomctl/engine/finding"
	"github.com/sbomctl/sbomctl/engine/oci"
)

// byTag does level 3. An image without a digest is asked about, too: where its tag points is worth remembering.
func (a *audited) byTag(ctx context.Context) {
	v, im := &a.r.Verdicts[Tag], &a.r.Image
	switch {
	case im.Tag == "":
		v.Text = "no tag is declared"
		return
	case a.o.Registry == nil:
		*v = settle(Tag, "", outcome{unknown: []Unknown{a.o.NoRegistry}})
		return
	}
	done, err := a.slot(ctx)
	if err != nil {
		*v = settle(Tag, "", problem(im, err, roleTag, ""))
		return
	}
	d, raw, err := a.o.Registry.Resolve(ctx, im.Tag)
	done()
	a.r.Asked = err == nil || oci.IsMissing(err)
	switch {
	case oci.IsMissing(err):
		f := against(im, "tag-drift", "tag", fmt.Sprintf("the tag %s is not there any more", im.Tag), "sbomctl audit --history says when it was last seen")
		f.Declared = im.Digest
		*v = settle(Tag, "", outcome{findings: []finding.Finding{f}})
		return
	case err != nil:
		*v = settle(Tag, "", problem(im, err, roleTag, ""))
		return
	}
	a.r.Tag = d.Digest.String()
	switch {
	case im.Digest == "":
		v.Text = unpinned + "; the tag points at " + a.r.Tag
	case a.r.Tag == im.Digest:
		*v = settle(Tag, "by GET of the tag", outcome{})
	default:
		*v = a.moved(d, raw)
	}
}

// moved is the verdict of a tag that points at something else than the declared digest.
func (a *audited) moved(d v1.Descriptor, raw []byte) Verdict {
	im := &a.r.Image
	doc, err := oci.Parse("tag "+im.Tag, raw, d.MediaType)
	if err == nil && doc.Index != nil {
		for _, c := range doc.Index.Manifests {
			if c.Digest.String() != im.Digest {
				continue
			}
			of := "one image"
			if c.Platform != nil {
				of = "the image for " + c.Platform.String()
			}
			f := against(im, "pin-is-single-platform", "digest", fmt.Sprintf("the digest is that of %s of the index that the tag %s points at", of, im.Tag),
				"sbomctl pin "+im.Label+" pins the index, for all platforms")
			f.Severity, f.Declared, f.Found = finding.Warning, im.Digest, d.Digest.String()
			return settle(Tag, "", outcome{findings: []finding.Finding{f}})
		}
	}
	f := against(im, "tag-drift", "tag", fmt.Sprintf("the tag %s points at %s, and %s is declared", im.Tag, d.Digest, im.Digest),
		"sbomctl audit --history "+im.Label+" says when it moved",
		"find out what changed before you follow it; sbomctl pin "+im.Label+" writes the new digest")
	f.Declared, f.Found = im.Digest, d.Digest.String()
	return settle(Tag, "", outcome{findings: []finding.Finding{f}})
}
