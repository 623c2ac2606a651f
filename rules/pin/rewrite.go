package pin

import "github.com/sbomctl/sbomctl/engine/diag"

// Edit makes one mention of an image another one.
type Edit struct {
	At       int // offset in the file
	Pos      diag.Pos
	Old, New string // New is "" when a person has to make it, because the mention is written in pieces
	Want     string // what the mention has to be
}

// Rewrite works out how a file has to change when one of the images that it names, number of images, gets another tag and digest. A
// mention belongs to the image whose it is as things are declared now.
func Rewrite(images []GroupImage, number int, tag, digest, path string, src []byte) []Edit {
	j := newJudge(images, "")
	s := scan(path, src)
	var out []Edit
	for _, m := range s.found {
		r, ok := ParseReference(m.s)
		if !ok || m.action || m.unknown != "" {
			continue
		}
		declared := j.byName[normal(r.Repository)]
		if len(declared) == 0 || closest(declared, r) != &j.images[number] {
			continue
		}
		want := Reference{r.Repository, tag, digest}
		if r == want {
			continue
		}
		e := Edit{At: m.use, Old: m.s, Want: want.String()}
		if edit, ok := editOf(s.src, m.text, want); ok {
			e.At, e.Old, e.New = edit.at, edit.old, edit.new
		}
		e.Pos = diag.At(path, src, e.At)
		out = append(out, e)
	}
	return out
}
