package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/sbomctl/sbomctl/engine/finding"
	"github.com/sbomctl/sbomctl/engine/oci"
)

// walk goes from the root of an image to all that it names. What it names is asked for in parallel.
type walk struct {
	*audited
	source  oci.Source // of what is below the root
	unasked []Unknown  // why the origin is not asked, and source is what was kept; nil when it is asked

	wg        sync.WaitGroup
	mu        sync.Mutex
	outcome   outcome
	begun     map[string]bool  // what indexes say of manifests, each once
	seen      map[v1.Hash]bool // manifests; false of one that is not there
	hashed    map[v1.Hash]bool // blobs that were hashed now, and
	before    map[v1.Hash]bool // those that were before, and are still there
	platforms []v1.Platform    // that the image is for
	blind     bool             // what could not be found out may be a platform
}

// part is a manifest of an image.
type part struct {
	name   string         // for messages; "" is the root
	digest v1.Hash        //
	by     *v1.Descriptor // what the index says of it; nil for the root
	depth  int            // in indexes
}

// complete does level 2.
func (w *walk) complete(ctx context.Context, digest v1.Hash, root manifest) Verdict {
	w.begun, w.seen = map[string]bool{}, map[v1.Hash]bool{digest: true}
	w.hashed, w.before = map[v1.Hash]bool{}, map[v1.Hash]bool{}
	w.outcome.unknown = append(w.outcome.unknown, w.unasked...)
	doc := w.document(ctx, part{digest: digest}, root)
	w.wg.Wait()
	if doc != nil {
		w.declared(doc)
	}
	text := ""
	if w.unasked != nil {
		text = "of the cache alone: "
	}
	seen := 0
	for _, there := range w.seen {
		if there {
			seen++
		}
	}
	text += count(seen, "manifest")
	if n := len(w.hashed); n > 0 {
		text += " and " + count(n, "blob")
	}
	text += " hashed"
	if n := len(w.before); n > 0 {
		text += "; " + count(n, "blob") + " hashed by an earlier audit, and still there"
	}
	v := settle(Complete, text, w.outcome)
	v.Before = len(w.before)
	if v.Outcome == Inconclusive && w.unasked != nil {
		v.Text = text
	}
	return v
}

// found adds to what was found. It may be called concurrently, as problem.
func (w *walk) found(id, attr, msg string, hints ...string) {
	w.add(outcome{findings: []finding.Finding{against(&w.r.Image, id, attr, msg, hints...)}})
}

func (w *walk) add(o outcome) {
	w.mu.Lock()
	w.outcome.add(o)
	w.mu.Unlock()
}

// document looks into a manifest that is there, and begins with what it names. nil when it cannot be read.
func (w *walk) document(ctx context.Context, p part, m manifest) *oci.Document {
	what := "manifest " + p.digest.String() + " of " + w.o.Name
	doc, err := oci.Parse(what, m.raw, m.called)
	if err != nil {
		w.add(problem(&w.r.Image, err, roleChild, p.name))
		return nil
	}
	w.mediaTypes(p, doc, m.called)
	if doc.Index != nil {
		w.index(ctx, p, doc.Index)
	} else {
		w.manifest(ctx, p, doc.Manifest)
	}
	return doc
}

// of says which part something is wrong with.
func (p part) of(msg string) string {
	if p.name == "" {
		return msg
	}
	return p.name + ": " + msg
}

// mediaTypes holds what a manifest is against what it is called, by the origin and by the index.
func (w *walk) mediaTypes(p part, doc *oci.Document, called types.MediaType) {
	if s, _, ok := strings.Cut(string(called), ";"); ok {
		called = types.MediaType(strings.TrimSpace(s))
	}
	if called != "" && called != doc.MediaType {
		f := against(&w.r.Image, "media-type", "digest", p.of(fmt.Sprintf("manifest %s is %s, and %s calls it %s", p.digest, doc.MediaType, w.o.Name, called)),
			"the bytes are right; a mirror or a cache that forgets the media type makes clients read them as something else")
		f.Found = string(called)
		if !called.IsImage() && !called.IsIndex() {
			f.Severity = finding.Warning // it is called nothing in particular
		}
		w.add(outcome{findings: []finding.Finding{f}})
	}
	if p.by != nil && p.by.MediaType != doc.MediaType {
		w.found("media-type", "digest", p.of(fmt.Sprintf("manifest %s is %s, and the index says %s", p.digest, doc.MediaType, orNothing(string(p.by.MediaType)))))
	}
}

func orNothing(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}

// index begins with the manifests that an index names.
func (w *walk) index(ctx context.Context, p part, index *v1.IndexManifest) {
	if p.depth >= oci.MaxDepth {
		w.found("media-type", "digest", p.of(fmt.Sprintf("indexes name indexes more than %d deep", oci.MaxDepth)))
		return
	}
	for i := range index.Manifests {
		d := &index.Manifests[i]
		child := part{name: "manifest " + short(d.Digest), digest: d.Digest, by: d, depth: p.depth + 1}
		switch {
		case oci.IsAttestation(*d):
			child.name = "attestation " + short(d.Digest)
		case d.Platform != nil:
			child.name = d.Platform.String()
			w.mu.Lock()
			w.platforms = append(w.platforms, *d.Platform)
			w.mu.Unlock()
		}
		if !d.MediaType.IsImage() && !d.MediaType.IsIndex() && d.MediaType != "" && !d.MediaType.IsSchema1() {
			f := against(&w.r.Image, "media-type", "digest", child.of(fmt.Sprintf("the index names %s as %s, which is no manifest; it is not looked into", d.Digest, d.MediaType)))
			f.Severity = finding.Warning
			w.add(outcome{findings: []finding.Finding{f}})
			continue
		}
		if w.begin(child) {
			w.wg.Go(func() { w.child(ctx, child) })
		}
	}
}

// begin reports whether what an index says of a manifest was not looked at yet. The same manifest under the names of two platforms is two
// things: for one of them it is not.
func (w *walk) begin(p part) bool {
	key := fmt.Sprint(p.digest, " ", p.by.MediaType, " ", p.by.Size, " ", p.name)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.begun[key] {
		return false
	}
	w.begun[key] = true
	return true
}

// short is the beginning of a digest, enough to find it by.
func short(h v1.Hash) string { return h.Algorithm + ":" + h.Hex[:min(12, len(h.Hex))] }

// child looks at a manifest that an index names.
func (w *walk) child(ctx context.Context, p part) {
	var m manifest
	if w.unasked == nil {
		m = w.audited.manifest(ctx, p.digest)
	} else {
		m.raw, m.called, m.err = w.source.Manifest(ctx, p.digest)
	}
	w.mu.Lock()
	w.seen[p.digest] = m.err == nil
	w.blind = w.blind || m.err != nil && p.by.Platform == nil
	w.mu.Unlock()
	switch {
	case m.err != nil:
		w.missing(m.err, roleChild, p.name)
		return
	case int64(len(m.raw)) != p.by.Size:
		w.found("digest-mismatch", "digest", p.of(fmt.Sprintf("manifest %s has %s, and the index says %d", p.digest, count(len(m.raw), "byte"), p.by.Size)))
	}
	w.document(ctx, p, m)
}

// missing tells what is wrong, or unknown. What was only not kept is unknown, for the reason that the origin is not asked.
func (w *walk) missing(err error, r role, name string) {
	if w.unasked != nil {
		return // which stands there already
	}
	w.add(problem(&w.r.Image, err, r, name))
}

// manifest begins with the config and the layers of an image.
func (w *walk) manifest(ctx context.Context, p part, m *v1.Manifest) {
	attestation := p.by != nil && oci.IsAttestation(*p.by)
	if m.Config.MediaType.IsConfig() || attestation {
		w.wg.Go(func() { w.config(ctx, p, m, attestation) })
	} else {
		w.found("media-type", "digest", p.of(fmt.Sprintf("manifest %s has a config of the media type %s, and is no image", p.digest, orNothing(string(m.Config.MediaType)))))
	}
	for i, d := range m.Layers {
		name := fmt.Sprintf("layer %d", i+1)
		if p.name != "" {
			name += " of " + p.name
		}
		if !attestation && !d.MediaType.IsLayer() {
			w.found("media-type", "digest", fmt.Sprintf("%s is %s, which is no layer that can be unpacked", name, orNothing(string(d.MediaType))))
		}
		w.wg.Go(func() {
			b := w.blob(ctx, d, false)
			if oci.IsMissing(b.err) && len(d.URLs) > 0 && !d.MediaType.IsDistributable() {
				f := against(&w.r.Image, "blob-missing", "digest", fmt.Sprintf("%s may not be distributed, and is not in the registry", name))
				f.Severity, f.Found = finding.Warning, d.URLs[0]
				w.add(outcome{findings: []finding.Finding{f}})
				return
			}
			w.have(d, b, name)
		})
	}
}

// have counts a blob that is there, and tells what is wrong with one that is not.
func (w *walk) have(d v1.Descriptor, b blob, name string) {
	if b.err != nil {
		w.missing(b.err, roleBlob, name)
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if b.before {
		w.before[d.Digest] = true
	} else {
		w.hashed[d.Digest] = true
	}
}

// config holds the config of an image against the index, and what it says of layers against the manifest.
func (w *walk) config(ctx context.Context, p part, m *v1.Manifest, attestation bool) {
	name := "config"
	if p.name != "" {
		name += " of " + p.name
	}
	b := w.blob(ctx, m.Config, true)
	w.have(m.Config, b, name)
	if b.err != nil {
		if p.by == nil || p.by.Platform == nil {
			w.mu.Lock()
			w.blind = true
			w.mu.Unlock()
		}
		return
	}
	if attestation {
		return
	}
	var c struct {
		OS           string `json:"os"`
		Architecture string `json:"architecture"`
		Variant      string `json:"variant"`
		OSVersion    string `json:"os.version"`
		RootFS       struct {
			DiffIDs []string `json:"diff_ids"`
		} `json:"rootfs"`
	}
	if err := json.Unmarshal(b.raw, &c); err != nil {
		w.found("media-type", "digest", name+" is no JSON of a config")
		return
	}
	is := v1.Platform{OS: c.OS, Architecture: c.Architecture, Variant: c.Variant, OSVersion: c.OSVersion}
	switch {
	case c.OS == "" || c.Architecture == "":
		w.found("platform-mismatch", "platforms", name+" does not say for which operating system and architecture it is")
	case p.by == nil || p.by.Platform == nil:
		w.mu.Lock()
		w.platforms = append(w.platforms, is)
		w.mu.Unlock()
	case !oci.Matches(is, *p.by.Platform):
		f := against(&w.r.Image, "platform-mismatch", "platforms", fmt.Sprintf("the index says that manifest %s is for %s, and its config says %s", short(p.digest), p.by.Platform, is))
		f.Declared, f.Found = p.by.Platform.String(), is.String()
		w.add(outcome{findings: []finding.Finding{f}})
	}
	if got, want := len(c.RootFS.DiffIDs), len(m.Layers); got != want {
		w.found("media-type", "digest", fmt.Sprintf("%s speaks of %s, and the manifest has %d", name, count(got, "layer"), want))
	}
}

// declared holds the platforms that the target declares against those of the image.
func (w *walk) declared(root *oci.Document) {
	var has []string
	for _, p := range w.platforms {
		has = append(has, p.String())
	}
	slices.Sort(has)
	has = slices.Compact(has)
	im := &w.r.Image
	one := root.Index == nil
	if one && len(im.Platforms) > 1 {
		of := "one image"
		if len(has) > 0 {
			of = "the image for " + strings.Join(has, ", ")
		}
		f := against(im, "pin-is-single-platform", "digest", fmt.Sprintf("the digest is that of %s alone, and %s are declared", of, count(len(im.Platforms), "platform")),
			"pin the index that the tag points at: sbomctl pin "+im.Label)
		f.Declared, f.Found = im.Digest, strings.Join(has, ", ")
		w.add(outcome{findings: []finding.Finding{f}})
	}
	matched := false
	var missing []string
	for _, s := range im.Platforms {
		want, err := oci.ParsePlatform(s)
		if err != nil {
			continue // which the rule refuses
		}
		if slices.ContainsFunc(w.platforms, func(p v1.Platform) bool { return oci.Matches(p, want) }) {
			matched = true
		} else {
			missing = append(missing, s)
		}
	}
	if w.blind || one && matched { // of one image, that it is only one has been said
		return
	}
	for _, s := range missing {
		f := against(im, "platform-missing", "platforms", fmt.Sprintf("%s is declared, and the image is for %s", s, orNothing(strings.Join(has, ", "))))
		f.Declared, f.Found = s, strings.Join(has, ", ")
		w.add(outcome{findings: []finding.Finding{f}})
	}
}
