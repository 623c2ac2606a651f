// Package audit asks registries whether the pins of container images hold.
//
// # Model
//
// An audit has levels; each proves one thing of one image, and a level has one Outcome: it is Proven, there is a Finding against it, or
// it is Inconclusive, because who could tell did not answer. What is inconclusive is neither clean nor wrong, and is never taken for either.
// What was not looked at is NotTried, with the reason.
//
//	0 References     the tree's mentions of the image agree with the pin     a validation of the graph (rules/pin)
//	1 Resolves       the digest resolves                                     the manifest, by GET; its bytes are hashed
//	2 Complete       all that the digest names is there and hashes           manifests by GET; configs and layers, see below
//	3 Tag            the tag still points at the digest                      the manifest of the tag, by GET; its bytes are hashed
//	4 Attached       what is attached to the image, and who signed it        rules/attached
//	5 Deterministic  a command yields the same twice                         a validation of the graph
//	6 Outputs        what it yields is what is committed                     a validation of the graph
//
// An Auditor does 1 to 4. It asks the network and is therefore no node of the graph; the other levels are nodes, and whoever calls the Auditor
// brings their findings in.
//
// A HEAD or a digest in a header prove nothing: a registry answers both out of its database, whatever its disk has. So all is asked for by GET,
// and hashed, with one exception: a blob of the same origin that was hashed before and kept (an oci.Store) is not downloaded again. The origin is
// only asked whether it still has it, and the Verdict says of how many blobs that is so. Auditor.Rehash downloads them all the same.
//
// An Origin is where an image is had. A layout that the image's declaration names is one: then no registry is asked. Where a registry does not
// answer, what was kept is looked into instead: what is wrong with it by digest (a platform that is not there, say) is as true. That the
// registry still has it remains inconclusive.
//
// To audit, fill in an Auditor, whose Open is mostly that of Origins, and call Audit. Findings of it are described by Findings. Statement makes an in-toto statement of
// what was proven, and History remembers where tags pointed.
package audit

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sbomctl/sbomctl/engine/finding"
	"github.com/sbomctl/sbomctl/engine/oci"
	"github.com/sbomctl/sbomctl/rules/attached"
	"github.com/sbomctl/sbomctl/rules/pin"
)

// The levels.
const (
	References = iota
	Resolves
	Complete
	Tag
	Attached
	Deterministic
	Outputs
	levels
)

// MaxLevel is the last level, and DefaultLevel the last of those that an audit has when nothing is said.
const (
	MaxLevel     = Outputs
	DefaultLevel = Tag
)

// Names are short names of the levels.
var Names = [levels]string{"references", "resolves", "complete", "tag", "attached", "deterministic", "outputs"}

// Outcome is what came of a level.
type Outcome string

// The outcomes.
const (
	Proven       Outcome = "proven"
	Found        Outcome = "finding"
	Waived       Outcome = "waived" // there are findings, and all of them are waived
	Inconclusive Outcome = "inconclusive"
	NotTried     Outcome = "not-tried"
)

// Verdict is what came of one level for one image.
type Verdict struct {
	Level   int
	Outcome Outcome
	Text    string            // what was looked at; of NotTried, why nothing was; of Inconclusive, what was looked at instead
	Before  int               // blobs that an earlier audit hashed, and of which the registry only said that it has them
	Unknown []Unknown         // what could not be found out; also beside findings
	Against []finding.Finding // what was found at this level, notes among it
}

// Unknown is something that could not be found out.
type Unknown struct {
	Kind  oci.Kind
	What  string // "manifest sha256:... of quay.io/tiran/cpython_autoconf"
	Why   string // a sentence without its subject, which is What
	Hints []string
}

// Result is what an audit says of one image.
type Result struct {
	Image    pin.Image
	Origin   string // where it was had: "quay.io/tiran/cpython_autoconf"
	Verdicts [levels]Verdict

	Asked bool   // the registry was asked where the tag points, and answered
	Tag   string // the digest that the tag had; "" when there is no such tag

	Attachments []attached.Attachment // what is attached to the image: level 4
}

// Auditor audits images. It is used for one audit.
type Auditor struct {
	Level    int                                                          // the last one that is wanted
	Open     func(ctx context.Context, image *pin.Image) (*Origin, error) // an error is one of a Source
	Kept     *oci.Store                                                   // nil: nothing is kept, and nothing known from before
	Rehash   bool                                                         // download what was hashed before, too
	Parallel int                                                          // requests at once; 0 is 64
	Now      time.Time                                                    // certificates of signatures have to be valid then, where nobody says when they were used
	Watch    func(image *pin.Image, done bool)                            // told when an image is begun and when it is done, concurrently; nil discards
	Warn     func(message string)                                         // told once that what was downloaded cannot be kept; nil discards

	slots     chan struct{}
	unkept    sync.Once
	blobs     flights[blob]
	manifests flights[manifest]
	before    flights[bool]
}

// defaultParallel is how many requests run at once when nothing is said.
const defaultParallel = 64

// Audit audits images, all at once. Results are in the order of the images. The error is that of ctx.
func (a *Auditor) Audit(ctx context.Context, images []pin.Image) ([]Result, error) {
	a.slots = make(chan struct{}, cmp.Or(a.Parallel, defaultParallel))
	results := make([]Result, len(images))
	var wg sync.WaitGroup
	for i := range images {
		results[i].Image = images[i]
		wg.Go(func() {
			if a.Watch != nil && a.Level >= Resolves {
				a.Watch(&images[i], false)
				defer a.Watch(&images[i], true)
			}
			a.image(ctx, &results[i])
		})
	}
	wg.Wait()
	return results, ctx.Err()
}

// image does levels 1 to 4 of one image. What does not depend on each other does not wait for each other.
func (a *Auditor) image(ctx context.Context, r *Result) {
	for l := range r.Verdicts {
		r.Verdicts[l] = Verdict{Level: l, Outcome: NotTried, Text: "not asked for: --level=" + strconv.Itoa(a.Level)}
	}
	if a.Level < Resolves {
		return
	}
	o, err := a.Open(ctx, &r.Image)
	if err != nil {
		found := problem(&r.Image, err, roleRoot, "")
		for l := Resolves; l <= min(a.Level, Attached); l++ {
			if l > Resolves && len(found.findings) > 0 { // nobody was asked, so the others are neither wrong nor unknown
				r.Verdicts[l].Text = "there is nobody to ask"
				continue
			}
			r.Verdicts[l] = settle(l, "", found)
		}
		return
	}
	r.Origin = o.Name
	at := &audited{Auditor: a, r: r, o: o}
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() { at.byDigest(ctx) })
	if a.Level >= Tag {
		wg.Go(func() { at.byTag(ctx) })
	}
	if a.Level >= Attached {
		wg.Go(func() { at.attached(ctx) })
	}
}

// audited is an image in an audit.
type audited struct {
	*Auditor
	r *Result
	o *Origin
}

// unpinned is the text of what cannot be asked of an image without a digest.
const unpinned = "no digest is declared"

// byDigest does levels 1 and 2.
func (a *audited) byDigest(ctx context.Context) {
	v := a.r.Verdicts[:]
	if a.r.Image.Digest == "" {
		v[Resolves].Text, v[Complete].Text = unpinned, unpinned
		return
	}
	digest, err := v1.NewHash(a.r.Image.Digest)
	if err != nil {
		v[Resolves].Text = "the digest is none" // which the rule refuses
		return
	}
	root := a.manifest(ctx, digest)
	var found outcome
	found.add(problem(&a.r.Image, root.err, roleRoot, ""))
	text := fmt.Sprintf("%d bytes of %s, by GET", len(root.raw), a.o.Name)
	if a.o.Layout {
		text = fmt.Sprintf("%d bytes in %s", len(root.raw), a.o.Name)
	}
	v[Resolves] = settle(Resolves, text, found)
	if a.Level < Complete {
		return
	}
	w := &walk{audited: a, source: a.o.Source}
	switch {
	case root.err == nil:
	case !oci.KindOf(root.err).Inconclusive():
		v[Complete].Text = "there is no manifest to begin with"
		return
	default:
		// What the digest names can be looked into all the same, if it was kept.
		if root.raw = a.kept(ctx, digest); root.raw == nil {
			v[Complete] = settle(Complete, "", found)
			return
		}
		w.source, w.unasked = a.Kept, found.unknown
	}
	v[Complete] = w.complete(ctx, digest, root)
}

// kept is a manifest that was kept; nil when none was.
func (a *audited) kept(ctx context.Context, digest v1.Hash) []byte {
	if a.Kept == nil || a.o.Layout {
		return nil
	}
	raw, _, err := a.Kept.Manifest(ctx, digest)
	if err != nil {
		return nil
	}
	return raw
}
