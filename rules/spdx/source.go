package spdx

import (
	"cmp"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// Member is a file of a source archive; its path is below the archive's top-level
// directory and its checksums are of the raw bytes, of a symbolic link those of its target's text, as git has it.
type Member struct {
	Path   string
	SHA1   [sha1.Size]byte
	SHA256 [sha256.Size]byte
	LF     *[sha256.Size]byte // SHA-256 with CRLF turned into LF; nil when that changes nothing
	Link   string             // of a symbolic link: its target
}

// SourceInput is what the SBOM of a source archive is made of.
type SourceInput struct {
	Artifact   Artifact
	SHA256     string // of the artifact
	SHA512     string // likewise; "" is not known
	Product    Product
	Base       *Document    // the base SBOM that was built
	Packages   []Package    // of the base SBOM, as this document has them, in any order; nil: as Base has them
	BaseLabel  string       // the target that builds it, for messages
	Label      string       // the target of the SBOM, likewise
	Own        *Document    // the archive's own Misc/sbom.spdx.json; nil when it holds none
	OwnPath    string       // "Misc/sbom.spdx.json"
	Built      *Document    // what Own is compared with; nil is Base
	Superseded []Superseded // where Own is wrong
	Members    []Member     // in archive order
	Wheels     []Wheel
	Licenses   []ExtractedLicense
}

// Source returns the SBOM of a source archive: the packages and files of the base SBOM, every
// other file as the product's own, and the wheels. The archive's own base SBOM must agree with its
// files, and with Base but for superseded packages; notes say what was superseded.
func Source(in SourceInput) (doc *Document, notes []Note, err error) {
	members := make(map[string]int, len(in.Members))
	for i := range in.Members {
		if _, twice := members[in.Members[i].Path]; twice {
			return nil, nil, &diag.Error{Msg: fmt.Sprintf("archive %s holds %q twice", in.Artifact.Name, in.Members[i].Path)}
		}
		members[in.Members[i].Path] = i
	}
	var errs diag.List
	var supersessions []Supersession
	own := in.own()
	if in.Own != nil {
		if supersessions, err = Supersede(CompareBase(in.Own, cmp.Or(in.Built, in.Base)), own); err != nil {
			errs = append(errs, err)
		}
		errs = append(errs, checkFiles(in.Own, in.OwnPath, in, members, supersededFiles(supersessions))...)
	}
	if len(errs) == 0 { // the base agrees with in.Own now, but for what is superseded
		errs = append(errs, checkFiles(in.Base, "the base SBOM "+in.BaseLabel, in, members, nil)...)
	}
	errs = append(errs, checkWheels(in)...)
	if err := errs.Err(); err != nil {
		return nil, nil, err
	}

	ids := newIDMap(len(in.Members) + len(in.Base.Packages))
	for _, p := range in.Base.Packages {
		ids.reserve(p.ID, byName(&p))
	}
	for _, f := range in.Base.Files {
		ids.reserve(f.ID, filePrefix+f.Path)
	}
	packages, err := in.packages()
	if err != nil {
		return nil, nil, err
	}
	r, err := newRelease(in.Product, in.Artifact, Sums{SHA256: in.SHA256, SHA512: in.SHA512}, ids, packages)
	if err != nil {
		return nil, nil, err
	}
	r.Relationships = append(r.Relationships, in.Base.Relationships...)
	if err := r.addWheels(in.Wheels); err != nil {
		return nil, nil, err
	}
	if err := r.addFiles(in); err != nil {
		return nil, nil, err
	}
	for _, s := range supersessions {
		r.record(s, own)
		notes = append(notes, s.notice(own))
	}
	for i := range r.Packages {
		r.Packages[i].FilesAnalyzed = true
	}
	r.setVerificationCodes()
	r.Licenses = in.Licenses
	doc, err = r.finish()
	return doc, notes, err
}

// own says what Own is compared with.
func (in SourceInput) own() OwnSBOM {
	return OwnSBOM{Path: in.OwnPath, Of: in.Artifact.Name, Built: strings.TrimSpace("the base SBOM " + in.BaseLabel), Label: in.BaseLabel, On: in.Label, Entries: in.Superseded}
}

// packages are those of the base SBOM, with its identifiers.
func (in SourceInput) packages() ([]Package, error) {
	out := slices.Clone(in.Base.Packages)
	if in.Packages == nil {
		return out, nil
	}
	for i := range out {
		k := slices.IndexFunc(in.Packages, func(p Package) bool { return p.Name == out[i].Name })
		if k < 0 {
			return nil, fmt.Errorf("the base SBOM lists %s, and nothing is declared of it", out[i].Name)
		}
		id := out[i].ID
		out[i] = in.Packages[k]
		out[i].ID = id
	}
	return out, nil
}

// addFiles adds the base's files, with the checksums of the archive's bytes, and every other
// member as a file of the product.
func (r *release) addFiles(in SourceInput) error {
	vendored := make(map[string]*File, len(in.Base.Files)) // by path
	for i := range in.Base.Files {
		vendored[in.Base.Files[i].Path] = &in.Base.Files[i]
	}
	r.Files = make([]File, 0, len(in.Members))
	r.Relationships = slices.Grow(r.Relationships, len(in.Members))
	for i := range in.Members {
		m := &in.Members[i]
		if err := checkPath(m.Path); err != nil {
			return err
		}
		f := File{Path: m.Path, SHA1: m.SHA1, SHA256: m.SHA256}
		if of := vendored[m.Path]; of != nil {
			f.ID = of.ID
			if in.Product.Profile == Complete {
				f.Comment = of.Comment
			}
		} else {
			f.ID, _ = r.ids.assign(filePrefix + m.Path)
			r.relate(r.product.ID, contains, f.ID)
		}
		if m.Link != "" {
			f.Comment = "symbolic link to " + m.Link
		}
		r.Files = append(r.Files, f)
	}
	return nil
}

// setVerificationCodes gives each package its verification code: the SHA-1 of the SHA-1s of its
// files, in lower-case hexadecimal, ascending, one behind the other (SPDX 2.3, 7.9).
func (r *release) setVerificationCodes() {
	files := make(map[string]*File, len(r.Files))
	for i := range r.Files {
		files[r.Files[i].ID] = &r.Files[i]
	}
	sums := map[string][][sha1.Size]byte{}
	for _, rel := range r.Relationships {
		if f := files[rel.Related]; f != nil && rel.Type == contains {
			sums[rel.Element] = append(sums[rel.Element], f.SHA1)
		}
	}
	for i := range r.Packages {
		p := &r.Packages[i]
		list := sums[p.ID]
		slices.SortFunc(list, func(a, b [sha1.Size]byte) int { return slices.Compare(a[:], b[:]) })
		all := make([]byte, 0, 2*sha1.Size*len(list))
		for _, s := range list {
			all = hex.AppendEncode(all, s[:])
		}
		code := sha1.Sum(all)
		p.VerificationCode = hex.EncodeToString(code[:])
	}
}

// maxFileErrors bounds how many files are named before the rest is only counted.
const maxFileErrors = 20

// checkFiles reports files that doc names and the archive holds with other bytes or not at all.
// A file whose checksum is that of its LF form agrees: checked-in text is hashed in that form. One that is a symbolic link in the archive is
// compared as what it leads to.
// The files of the packages in skip are not looked at.
func checkFiles(doc *Document, what string, in SourceInput, members map[string]int, skip map[string]bool) diag.List {
	skipped := map[string]bool{}
	if len(skip) > 0 {
		owner := ownersOf(doc)
		for i := range doc.Files {
			skipped[doc.Files[i].ID] = skip[owner[doc.Files[i].ID]]
		}
	}
	var errs diag.List
	held := archived{in.Members, members}
	bad := 0
	for i := range doc.Files {
		f := &doc.Files[i]
		if skipped[f.ID] {
			continue
		}
		var msg string
		if n, ok := members[f.Path]; !ok {
			msg = fmt.Sprintf("%s lists the file, but %s does not hold it", what, in.Artifact.Name)
		} else if m, leads := held.content(f.Path); !leads {
			msg = fmt.Sprintf("%s lists the file, but in %s it is a symbolic link to %q, which leads to no file of it", what, in.Artifact.Name, in.Members[n].Link)
		} else if m.SHA256 != f.SHA256 && (m.LF == nil || *m.LF != f.SHA256) {
			msg = fmt.Sprintf("SHA-256 is %x in %s, but %x in %s", f.SHA256, what, m.SHA256, in.Artifact.Name)
		} else {
			continue
		}
		if bad++; bad <= maxFileErrors {
			errs = append(errs, &diag.Error{Pos: diag.File(f.Path), Msg: msg})
		}
	}
	if bad > maxFileErrors {
		errs = append(errs, &diag.Error{Msg: fmt.Sprintf("%d more files of %s differ in %s", bad-maxFileErrors, what, in.Artifact.Name)})
	}
	if bad > 0 {
		last := errs[len(errs)-1].(*diag.Error)
		last.Hints = regenerate(in.BaseLabel)
	}
	return errs
}

// checkWheels reports a wheel that the archive does not hold: it was read from another tree.
func checkWheels(in SourceInput) diag.List {
	var errs diag.List
	for _, w := range in.Wheels {
		held := slices.ContainsFunc(in.Members, func(m Member) bool { return hex.EncodeToString(m.SHA256[:]) == w.Package.SHA256 })
		if held {
			continue
		}
		e := &diag.Error{Msg: fmt.Sprintf("%s holds no file with the SHA-256 %s of the wheel of %s %s",
			in.Artifact.Name, w.Package.SHA256, w.Package.Name, w.Package.Version)}
		for _, m := range in.Members {
			if name := path.Base(m.Path); strings.HasPrefix(name, w.Package.Name+"-") && strings.HasSuffix(name, ".whl") {
				e.Hints = append(e.Hints, fmt.Sprintf("its %s has the SHA-256 %x", m.Path, m.SHA256))
			}
		}
		errs = append(errs, e)
	}
	return errs
}

func regenerate(label string) []string {
	if label == "" {
		return nil
	}
	return []string{"regenerate it: sbomctl build " + label}
}
