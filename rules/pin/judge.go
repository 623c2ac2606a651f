package pin

import (
	"cmp"
	"fmt"
	"path"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/finding"
)

// judge holds the mentions of files against the images that are declared.
type judge struct {
	images []GroupImage
	byName map[string][]*GroupImage // by their normal repository
	group  string                   // the container_references; "" when the only image is that of a container_image
}

func newJudge(images []GroupImage, group string) *judge {
	j := &judge{images: images, byName: map[string][]*GroupImage{}, group: group}
	for i := range images {
		name := normal(images[i].Repository)
		j.byName[name] = append(j.byName[name], &images[i])
	}
	return j
}

// verdict is what is wrong with a mention.
type verdict struct {
	finding.Finding
	write Reference // what has to be written there; zero when that is not known
}

// file returns what is wrong with a file.
func (j *judge) file(s *scanner) []finding.Finding {
	src := []byte(s.src)
	var out []finding.Finding
	for _, n := range s.notes {
		out = append(out, finding.Finding{Rule: UnresolvedID, Severity: finding.Warning, Pos: diag.At(s.path, src, n.at), Msg: n.msg})
	}
	for _, m := range s.found {
		v := j.mention(m)
		if v == nil {
			continue
		}
		at := m.start()
		if !m.together(0, len(m.s)) {
			at = m.use
		}
		if want := v.write.String(); want != "" {
			v.Declared = want
			if e, ok := editOf(s.src, m.text, v.write); ok {
				v.Fix, at = &finding.Fix{Old: e.old, New: e.new}, e.at
			} else {
				v.Hints, at = append(v.Hints, "it is written in pieces, which together have to be "+want), m.use
			}
		}
		v.Pos, v.Found = diag.At(s.path, src, at), clip(m.s)
		out = append(out, v.Finding)
	}
	return out
}

// mention returns what is wrong with a mention; nil for nothing.
func (j *judge) mention(m mention) *verdict {
	if m.action {
		return &verdict{Finding: actionNotPinned(m)}
	}
	if m.unknown != "" {
		msg := fmt.Sprintf("the file does not say which image %s is", clip(m.s))
		if m.s != m.unknown {
			msg = fmt.Sprintf("the file does not say which image %q is, since it does not set %s", clip(m.s), clip(m.unknown))
		}
		return &verdict{Finding: finding.Finding{Rule: UnresolvedID, Severity: finding.Note, Msg: msg}}
	}
	r, ok := ParseReference(m.s)
	if !ok {
		return &verdict{Finding: finding.Finding{Rule: UnresolvedID, Severity: finding.Note, Msg: fmt.Sprintf("%q stands where an image is named, and is no reference of one", clip(m.s))}}
	}
	if declared := j.byName[normal(r.Repository)]; len(declared) > 0 {
		return compare(r, closest(declared, r))
	}
	for i := range j.images {
		if inRole(r.Repository, j.images[i].Role) {
			return inPlaceOf(r, &j.images[i])
		}
	}
	return &verdict{Finding: j.undeclared(r)}
}

// closest is the image among those of one repository that a reference means: by its digest, else by its tag, else the first.
func closest(images []*GroupImage, r Reference) *GroupImage {
	best, most := images[0], -1
	for _, i := range images {
		n := 0
		if r.Digest != "" && i.Digest == r.Digest {
			n += 2
		}
		if r.Tag != "" && i.Tag == r.Tag {
			n++
		}
		if n > most {
			best, most = i, n
		}
	}
	return best
}

// compare holds a reference against the image that is declared of its repository.
func compare(r Reference, i *GroupImage) *verdict {
	tag := cmp.Or(i.Tag, r.Tag) // a declaration without a tag has nothing against one
	v := &verdict{Finding: finding.Finding{Rule: DriftID, Severity: finding.Error}, write: Reference{r.Repository, tag, i.Digest}}
	switch {
	case i.Digest == "" && r.Digest == "": // nobody has a digest to write
		v.Rule, v.Severity, v.write = NotPinnedID, finding.Warning, Reference{}
		v.Msg = fmt.Sprintf("%s is named %s, and %s declares no digest either", r, r.lacking(), i.Label)
		v.Fix = &finding.Fix{Command: "sbomctl pin " + i.Label}
	case i.Digest == "":
		v.write = Reference{}
		v.Msg = fmt.Sprintf("%s has a digest here, and %s declares none", Reference{r.Repository, r.Tag, ""}, i.Label)
		v.Hints = []string{fmt.Sprintf("digest = %q is what the file says; sbomctl pin %s asks the registry", r.Digest, i.Label)}
	case r.Digest == "":
		v.Rule = NotPinnedID
		v.Msg = fmt.Sprintf("%s is named %s, and %s declares the digest %s", r, r.lacking(), i.Label, i.Digest)
		if r.Tag != "" && r.Tag != tag {
			v.Msg = fmt.Sprintf("%s is named by a tag alone, and by another than %s declares, %s with the digest %s", r, i.Label, tag, i.Digest)
		}
	case r.Digest != i.Digest:
		v.Msg = fmt.Sprintf("the digest of %s is %s here, and %s declares %s", Reference{r.Repository, r.Tag, ""}, r.Digest, i.Label, i.Digest)
		if r.Tag != "" && r.Tag != tag {
			v.Msg = fmt.Sprintf("%s is another image than the one that %s declares, %s", r, i.Label, v.write)
		}
	case r.Tag == "" && tag != "":
		v.Severity = finding.Warning
		v.Msg = fmt.Sprintf("%s is named by the declared digest, but not by the tag %s, which says to a reader what it is", r.Repository, tag)
	case r.Tag != tag:
		v.Msg = fmt.Sprintf("the tag of %s is %s here, and %s declares %s; the digest is the declared one", r.Repository, r.Tag, i.Label, tag)
	default:
		return nil
	}
	return v
}

// inPlaceOf is the verdict of another image in the role of one that is declared.
func inPlaceOf(r Reference, i *GroupImage) *verdict {
	v := &verdict{Finding: finding.Finding{Rule: DriftID, Severity: finding.Error}, write: Reference{i.Repository, i.Tag, i.Digest}}
	v.Msg = fmt.Sprintf("%s is used here for %q, for which %s declares %s", r, i.Role, i.Label, i.Repository)
	if r.Digest == "" {
		v.Rule, v.Severity = NotPinnedID, finding.Warning
		v.Msg = fmt.Sprintf("%s is named %s; for %q, %s declares another image, %s", r, r.lacking(), i.Role, i.Label, i.Repository)
	}
	v.Hints = []string{fmt.Sprintf("if the file is right: set repository = %q and tag = %q in %s, then run: sbomctl pin %s", r.Repository, tagOf(r), i.Label, i.Label)}
	if i.Digest == "" {
		v.write = Reference{}
	}
	return v
}

// lacking says how a reference without a digest is made.
func (r Reference) lacking() string {
	if r.Tag == "" {
		return "without tag and digest"
	}
	return "by a tag alone"
}

// tagOf is the tag to declare for a reference: without one and a digest, container runtimes take latest.
func tagOf(r Reference) string {
	switch {
	case r.Tag != "":
		return r.Tag
	case r.Digest != "":
		return "TAG"
	}
	return "latest"
}

// undeclared is the finding of an image that is not among the declared ones.
func (j *judge) undeclared(r Reference) finding.Finding {
	alone := ""
	if r.Digest == "" {
		alone = ", and it is named " + r.lacking()
	}
	f := finding.Finding{Rule: UndeclaredID, Severity: finding.Warning, Msg: fmt.Sprintf("no container_image of %s declares %s%s", j.group, r.Repository, alone)}
	if j.group == "" {
		f.Msg = fmt.Sprintf("%s does not declare %s, an image that this file names too%s", j.images[0].Label, r.Repository, alone)
	}
	digest := ""
	if r.Digest != "" {
		digest = fmt.Sprintf(", digest = %q", r.Digest)
	}
	name := nameOf(r)
	f.Hints = []string{fmt.Sprintf("container_image(name = %q, repository = %q, tag = %q%s) declares it", name, withRegistry(r.Repository), tagOf(r), digest)}
	if j.group == "" {
		f.Hints = append(f.Hints, "a file that names several images belongs into a container_references with all of them")
	} else {
		f.Hints = append(f.Hints, fmt.Sprintf("then add \":%s\" to images", name))
	}
	return f
}

// nameOf proposes a name for the target that declares an image.
func nameOf(r Reference) string { return path.Base(r.Repository) }

// withRegistry is a repository as it is declared, with its registry.
func withRegistry(repository string) string {
	if host, _, ok := strings.Cut(repository, "/"); ok && isHost(host) {
		return repository
	}
	return normal(repository)
}

func actionNotPinned(m mention) finding.Finding {
	f := finding.Finding{Rule: ActionNotPinnedID, Severity: finding.Warning}
	name, ref, ok := strings.Cut(m.s, "@")
	if !ok {
		ref = "TAG"
		f.Msg = fmt.Sprintf("the action %s is used without a commit", clip(m.s))
	} else {
		f.Msg = fmt.Sprintf("the action %s is used by the name %s, which its owner can move to other code", clip(name), clip(ref))
	}
	f.Hints = []string{fmt.Sprintf("uses: %s@COMMIT # %s, with the 40 digits of the commit that %s is now", clip(name), clip(ref), clip(ref))}
	return f
}

// edited is an edit of a file.
type edited struct {
	at       int
	old, new string
}

// editOf is the edit that makes a reference, as it is written in the file, another one. There is none when that takes more than one
// edit, or one of a text that is written in another way than it is meant.
func editOf(src string, t text, want Reference) (edited, bool) {
	whole, ok := replace(src, t, 0, len(t.s), want.String())
	if ok {
		return whole, true
	}
	r, _ := ParseReference(t.s)
	digest := len(t.s) - len(r.Digest)
	tag := len(r.Repository) + 1
	switch {
	case r.Repository != want.Repository:
	case r.Tag == want.Tag && r.Digest != "" && want.Digest != "":
		return replace(src, t, digest, len(t.s), want.Digest)
	case r.Digest == want.Digest && r.Tag != "" && want.Tag != "":
		return replace(src, t, tag, tag+len(r.Tag), want.Tag)
	}
	return edited{}, false
}

// replace is the edit of a part of a text, if it stands together in the file.
func replace(src string, t text, i, j int, with string) (edited, bool) {
	if i >= j || !t.together(i, j) || t.at[i] < 0 || !strings.HasPrefix(src[min(t.at[i], len(src)):], t.s[i:j]) {
		return edited{}, false
	}
	return edited{t.at[i], t.s[i:j], with}, true
}
