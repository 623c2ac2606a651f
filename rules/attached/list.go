package attached

import (
	"context"
	"errors"
	"fmt"
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
	maxLayers      = 20        // of one attached manifest
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

	unknown []*oci.Error // what could not be found out
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
	manifests, err := collect(l, len(subjects), func(i int) ([]attachedManifest, []*oci.Error, error) { return l.ask(ctx, subjects[i]) })
	if err != nil {
		return nil, err
	}
	manifests = append(manifests, inside...)
	if n := len(manifests); n > maxAttachments {
		l.tooMany("what is attached to "+image.String()+" in "+l.name, n, maxAttachments)
		manifests = manifests[:maxAttachments]
	}
	found, err := collect(l, len(manifests), func(i int) ([]pending, []*oci.Error, error) { return l.open(ctx, manifests[i]) })
	if err != nil {
		return nil, err
	}
	l.bound(found)
	return collect(l, len(found), func(i int) ([]Attachment, []*oci.Error, error) { return l.read(ctx, found[i]) })
}

// collect calls f for each of n, some at a time, and puts together what it returns, in order.
func collect[T any](l *lister, n int, f func(i int) ([]T, []*oci.Error, error)) ([]T, error) {
	results, unknown, errs := make([][]T, n), make([][]*oci.Error, n), make([]error, n)
	var group sync.WaitGroup
	slots := make(chan struct{}, maxParallel)
	for i := range n {
		slots <- struct{}{}
		group.Go(func() {
			results[i], unknown[i], errs[i] = f(i)
			<-slots
		})
	}
	group.Wait()
	var out []T
	for i := range n {
		out = append(out, results[i]...)
		l.unknown = append(l.unknown, unknown[i]...)
	}
	return out, errors.Join(errs...)
}

// tooMany records that there is more than is looked at.
func (l *lister) tooMany(what string, n, most int) {
	l.unknown = append(l.unknown, tooMany(what, n, most))
}

func tooMany(what string, n, most int) *oci.Error {
	return &oci.Error{Kind: oci.ServerError, What: what, Msg: fmt.Sprintf("has %d entries, of which the first %d are looked at", n, most)}
}

// subjects returns the image and the manifests below it, and the attestations that lie in the index itself.
func (l *lister) subjects(ctx context.Context, image v1.Hash) ([]subject, []attachedManifest, error) {
	out := []subject{{digest: image}}
	m, err := l.manifest(ctx, image)
	if err != nil {
		unknown, err := sort(err)
		l.unknown = append(l.unknown, unknown...)
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
		to, err := v1.NewHash(d.Annotations[annotationReference])
		if err != nil {
			to = v1.Hash{}
		}
		inside = append(inside, attachedManifest{to: subject{to, platforms[to]}, via: viaIndex, d: d})
	}
	if n := len(out); n > 1+maxChildren {
		l.tooMany("index "+image.String()+" of "+l.name, n-1, maxChildren)
		out = out[:1+maxChildren]
	}
	return out, inside, nil
}

// platformOf says what a manifest of an index is for.
func platformOf(d v1.Descriptor) string {
	if d.Platform == nil || d.Platform.OS == "" {
		return "no platform"
	}
	return d.Platform.String()
}

// ask returns what is attached to one subject: under tags of cosign's, and as referrers.
func (l *lister) ask(ctx context.Context, to subject) (out []attachedManifest, unknown []*oci.Error, err error) {
	for _, suffix := range []string{".sig", ".att", ".sbom"} {
		tag := to.digest.Algorithm + "-" + to.digest.Hex + suffix
		d, b, err := l.lister.Resolve(ctx, tag)
		switch {
		case oci.IsMissing(err):
		case err != nil:
			u, err := sort(err)
			if err != nil {
				return nil, nil, err
			}
			unknown = append(unknown, u...)
		default:
			out = append(out, attachedManifest{to: to, via: "tag " + tag, d: d, bytes: b})
		}
	}
	referrers, err := l.lister.Referrers(ctx, to.digest)
	if err != nil && !oci.IsMissing(err) {
		u, err := sort(err)
		return out, append(unknown, u...), err
	}
	if n := len(referrers); n > maxAttachments {
		unknown = append(unknown, tooMany("the list of referrers of "+to.digest.String()+" in "+l.name, n, maxAttachments))
		referrers = referrers[:maxAttachments]
	}
	for _, d := range referrers {
		out = append(out, attachedManifest{to: to, via: viaReferrers, d: d})
	}
	return out, unknown, nil
}

// sort tells what could not be found out from what is no failure of a source, such as a context that is over.
func sort(err error) ([]*oci.Error, error) {
	if e := (*oci.Error)(nil); errors.As(err, &e) {
		return []*oci.Error{e}, nil
	}
	return nil, err
}

// bound leaves out what is too much to be read, from the first signature on that is.
func (l *lister) bound(found []pending) {
	total := int64(0)
	for i := range found {
		p := &found[i]
		if p.layer == nil {
			continue
		}
		if total += p.layer.Size; total > maxBytes {
			p.layer, p.Problem = nil, "was not read: there is too much"
			if total-p.Size <= maxBytes {
				l.unknown = append(l.unknown, &oci.Error{Kind: oci.ServerError, What: "the signatures of " + l.name,
					Msg: fmt.Sprintf("have more than %d bytes together, and the rest was not read", maxBytes)})
			}
		}
	}
}
