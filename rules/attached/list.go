package attached

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sbomctl/sbomctl/engine/oci"
)

// Lister says what a repository has beside what is named by digest. Both methods return *oci.Errors.
type Lister interface {
	// Referrers returns descriptors of the manifests whose subject is the one with that digest.
	Referrers(ctx context.Context, digest v1.Hash) ([]v1.Descriptor, error)
	// Resolve returns the manifest that a tag names.
	Resolve(ctx context.Context, tag string) (v1.Descriptor, []byte, error)
}

// Bounds of a listing.
const (
	maxChildren    = 100       // manifests below an index that are looked at
	maxAttachments = 200       // attached manifests that are read, together
	maxLayers      = 500       // of one attached manifest: cosign adds one to its tag with each signature
	maxFound       = 1000      // attachments
	maxBytes       = 128 << 20 // of all signatures together
	maxParallel    = 8         // requests at a time
)

// lister lists what is attached to an image, in three steps: it asks for what there is, reads the manifests of that, and reads the signatures in
// these. What a step may do is bounded before its requests are made, so that what is left out depends on no timing.
type lister struct {
	source  oci.Source
	lister  Lister
	name    string // of the repository, for messages
	signers []*signer
	now     time.Time // when somebody looks

	gaps []gap // in order
}

// gap is something that could not be found out.
type gap struct {
	image bool // it is about what is attached to the image itself, and so a signature may be there
	err   *oci.Error
}

// gapOf tells what a source could not say from what is no failure of a source, such as a context that is over.
func gapOf(err error, image bool) ([]gap, error) {
	if e := (*oci.Error)(nil); errors.As(err, &e) {
		return []gap{{image, e}}, nil
	}
	return nil, err
}

// unanswered is gapOf an answer to a question. That there is nothing is an answer; one that is neither that nor a list makes no sense.
func unanswered(err error, image bool) ([]gap, error) {
	if oci.IsMissing(err) {
		return nil, nil
	}
	gaps, err := gapOf(err, image)
	for i, g := range gaps {
		if !g.err.Kind.Inconclusive() {
			e := *g.err
			e.Kind, gaps[i].err = oci.ServerError, &e
		}
	}
	return gaps, err
}

func tooMany(image bool, what string, n, most int) gap {
	return gap{image, &oci.Error{Kind: oci.ServerError, What: what, Msg: fmt.Sprintf("has %d entries, of which the first %d are looked at", n, most)}}
}

// subject is the image, or a manifest below it.
type subject struct {
	digest   v1.Hash
	platform string // "" for the image itself
}

// attachedManifest is a manifest that is attached to a subject.
type attachedManifest struct {
	to    subject
	via   string
	d     v1.Descriptor
	bytes []byte // nil when they are still to be fetched
}

// pending is an attachment, and the layer that is to be read for it.
type pending struct {
	Attachment
	layer *v1.Descriptor // nil when there is nothing to be read
}

// list lists what is attached to the image and to each manifest below it. What is attached to the image itself comes first.
func (l *lister) list(ctx context.Context, image v1.Hash) ([]Attachment, error) {
	subjects, inside, err := l.subjects(ctx, image)
	if err != nil {
		return nil, err
	}
	const n = len(questions)
	manifests, err := collect(l, n*len(subjects), func(i int) ([]attachedManifest, []gap, error) { return l.ask(ctx, subjects[i/n], questions[i%n]) })
	if err != nil {
		return nil, err
	}
	manifests = append(manifests, inside...)
	if n := len(manifests); n > maxAttachments {
		l.gaps = append(l.gaps, tooMany(manifests[maxAttachments].to.digest == image, "what is attached to "+image.String()+" in "+l.name, n, maxAttachments))
		manifests = manifests[:maxAttachments]
	}
	found, err := collect(l, len(manifests), func(i int) ([]pending, []gap, error) { return l.open(ctx, manifests[i]) })
	if err != nil {
		return nil, err
	}
	if n := len(found); n > maxFound {
		l.gaps = append(l.gaps, tooMany(found[maxFound].Subject == image, "what is attached to "+image.String()+" in "+l.name, n, maxFound))
		found = found[:maxFound]
	}
	l.bound(found, image)
	return collect(l, len(found), func(i int) ([]Attachment, []gap, error) { return l.read(ctx, found[i]) })
}

// collect calls f for each of n, some at a time, and puts together what it returns, in order.
func collect[T any](l *lister, n int, f func(i int) ([]T, []gap, error)) ([]T, error) {
	results, gaps, errs := make([][]T, n), make([][]gap, n), make([]error, n)
	var group sync.WaitGroup
	slots := make(chan struct{}, maxParallel)
	for i := range n {
		slots <- struct{}{}
		group.Go(func() {
			results[i], gaps[i], errs[i] = f(i)
			<-slots
		})
	}
	group.Wait()
	var out []T
	for i := range n {
		out = append(out, results[i]...)
		l.gaps = append(l.gaps, gaps[i]...)
	}
	return out, errors.Join(errs...)
}

// subjects returns the image and the manifests below it, and the attestations that lie in the index itself.
func (l *lister) subjects(ctx context.Context, image v1.Hash) ([]subject, []attachedManifest, error) {
	out := []subject{{digest: image}}
	m, err := l.manifest(ctx, image)
	if err != nil {
		gaps, err := gapOf(err, false)
		if len(gaps) > 0 && gaps[0].err.Kind.Inconclusive() { // what is wrong with the image itself, levels 1 and 2 say
			l.gaps = append(l.gaps, gaps...)
		}
		return out, nil, err
	}
	platforms := map[v1.Hash]string{}
	var attestations []v1.Descriptor
	for _, d := range m.Manifests {
		if isAttestation(d) {
			attestations = append(attestations, d)
			continue
		}
		if platforms[d.Digest] == "" {
			out = append(out, subject{d.Digest, platformOf(d)})
		}
		platforms[d.Digest] = platformOf(d)
	}
	var inside []attachedManifest
	for _, d := range attestations {
		to := subject{digest: image}
		if part, err := v1.NewHash(d.Annotations[annotationReference]); err == nil && platforms[part] != "" {
			to = subject{part, platforms[part]}
		}
		inside = append(inside, attachedManifest{to: to, via: viaIndex, d: d})
	}
	if n := len(out); n > 1+maxChildren {
		l.gaps = append(l.gaps, tooMany(false, "index "+image.String()+" of "+l.name, n-1, maxChildren))
		out = out[:1+maxChildren]
	}
	return out, inside, nil
}

// platformOf says what a manifest of an index is for.
func platformOf(d v1.Descriptor) string {
	if d.Platform == nil || d.Platform.OS == "" {
		return "no platform"
	}
	return clean(d.Platform.String())
}

// questions are what is asked of each subject: for its referrers, and for cosign's tags, which end in one of the others.
var questions = [...]string{viaReferrers, ".sig", ".att", ".sbom"}

// ask returns what is attached to one subject, by one of the questions.
func (l *lister) ask(ctx context.Context, to subject, question string) (out []attachedManifest, gaps []gap, err error) {
	image := to.platform == ""
	if question != viaReferrers {
		tag := to.digest.Algorithm + "-" + to.digest.Hex + question
		d, b, err := l.lister.Resolve(ctx, tag)
		if err == nil {
			return []attachedManifest{{to: to, via: "tag " + tag, d: d, bytes: b}}, nil, nil
		}
		gaps, err = unanswered(err, image)
		return nil, gaps, err
	}
	found, err := l.lister.Referrers(ctx, to.digest)
	if err != nil {
		gaps, err = unanswered(err, image)
		return nil, gaps, err
	}
	// A registry promises no order.
	slices.SortFunc(found, func(a, b v1.Descriptor) int { return strings.Compare(a.Digest.String(), b.Digest.String()) })
	if n := len(found); n > maxAttachments {
		gaps = append(gaps, tooMany(image, "the list of referrers of "+to.digest.String()+" in "+l.name, n, maxAttachments))
		found = found[:maxAttachments]
	}
	for _, d := range found {
		out = append(out, attachedManifest{to: to, via: viaReferrers, d: d})
	}
	return out, gaps, nil
}

// bound leaves out what is too much to be read, from the first signature on that is.
func (l *lister) bound(found []pending, image v1.Hash) {
	total := int64(0)
	for i := range found {
		p := &found[i]
		if p.layer == nil {
			continue
		}
		if total += p.layer.Size; total > maxBytes {
			if total-p.layer.Size <= maxBytes {
				l.gaps = append(l.gaps, gap{p.Subject == image, &oci.Error{Kind: oci.ServerError, What: "the signatures of " + l.name,
					Msg: fmt.Sprintf("have more than %d bytes together, and the rest was not read", maxBytes)}})
			}
			p.layer, p.Problem = nil, "was not read: there is too much"
		}
	}
}
