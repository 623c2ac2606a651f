package audit

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/sbomctl/sbomctl/engine/oci"
	"github.com/sbomctl/sbomctl/engine/oci/ocitest"
	"github.com/sbomctl/sbomctl/rules/pin"
)

var (
	base    = ocitest.Layer(ocitest.Gzip, ocitest.Entry{Name: "bin/"}, ocitest.Entry{Name: "bin/sh", Body: "#!"})
	top     = ocitest.Layer(ocitest.Gzip, ocitest.Entry{Name: "top", Body: "x"})
	armTop  = ocitest.Layer(ocitest.Zstd, ocitest.Entry{Name: "top", Body: "arm"})
	digestA = ocitest.Image("linux/amd64", base, top)
)

// good is a new two-platform index.
func good() *ocitest.Set {
	return ocitest.Index(ocitest.Image("linux/amd64", base, top), ocitest.Image("linux/arm64/v8", base, armTop))
}

func imageOf(s *ocitest.Set) pin.Image {
	return pin.Image{Label: "//:img", Repository: "localhost:1/img", Tag: "1", Digest: s.Root.Digest.String(), Platforms: []string{"linux/amd64", "linux/arm64"}}
}

// fake is a registry of one repository.
type fake struct {
	oci.Source
	tag    v1.Hash // what the tag points at
	fail   func(what string) error
	called types.MediaType // what it calls manifests
	asked  atomic.Int32    // for blobs
}

func (f *fake) refused(what string) error {
	if f.fail == nil {
		return nil
	}
	return f.fail(what)
}

func (f *fake) Manifest(ctx context.Context, h v1.Hash) ([]byte, types.MediaType, error) {
	if err := f.refused("manifest " + h.String()); err != nil {
		return nil, "", err
	}
	b, called, err := f.Source.Manifest(ctx, h)
	if f.called != "" {
		called = f.called
	}
	return b, called, err
}

func (f *fake) Blob(ctx context.Context, d v1.Descriptor) (io.ReadCloser, error) {
	f.asked.Add(1)
	if err := f.refused("blob " + d.Digest.String()); err != nil {
		return nil, err
	}
	return f.Source.Blob(ctx, d)
}

func (f *fake) Resolve(ctx context.Context, tag string) (v1.Descriptor, []byte, error) {
	if err := f.refused("tag " + tag); err != nil {
		return v1.Descriptor{}, nil, err
	}
	raw, called, err := f.Source.Manifest(ctx, f.tag)
	return v1.Descriptor{MediaType: called, Digest: f.tag, Size: int64(len(raw))}, raw, err
}

func one(t *testing.T, a *Auditor, f *fake, im pin.Image) Result {
	t.Helper()
	if a.Level == 0 {
		a.Level = DefaultLevel
	}
	a.Open = func(context.Context, *pin.Image) (*Origin, error) {
		return &Origin{Name: "localhost:1/img", Source: f, Registry: f}, nil
	}
	out, err := a.Audit(context.Background(), []pin.Image{im})
	if err != nil {
		t.Fatal(err)
	}
	return out[0]
}

// said is a result in short: "1 proven, 2 finding blob-missing, 3 proven".
func said(r Result) string {
	var parts []string
	for _, v := range r.Verdicts[Resolves : Tag+1] {
		s := fmt.Sprint(v.Level, " ", v.Outcome)
		var words []string
		for _, f := range v.Against {
			words = append(words, f.Rule)
		}
		for _, u := range v.Unknown {
			words = append(words, string(u.Kind))
		}
		slices.Sort(words)
		parts = append(parts, strings.TrimSpace(s+" "+strings.Join(slices.Compact(words), " ")))
	}
	return strings.Join(parts, ", ")
}

func config(s *ocitest.Set, i int) v1.Descriptor { return manifestOf(s, i).Config }

func manifestOf(s *ocitest.Set, i int) *v1.Manifest {
	m, err := v1.ParseManifest(bytes.NewReader(s.Manifests[children(s)[i].Digest].Bytes))
	if err != nil {
		panic(err)
	}
	return m
}

func children(s *ocitest.Set) []v1.Descriptor {
	m, err := v1.ParseIndexManifest(bytes.NewReader(s.Manifests[s.Root.Digest].Bytes))
	if err != nil {
		panic(err)
	}
	return m.Manifests
}

// relabelled is an index whose first image is called by another platform.
func relabelled(p *v1.Platform) *ocitest.Set {
	return ocitest.IndexWith(func(m *v1.IndexManifest) { m.Manifests[0].Platform = p }, ocitest.Image("linux/amd64", base), ocitest.Image("linux/arm64", base))
}

// TestTold: each thing that may be wrong with an image, or unknown, is told apart.
func TestTold(t *testing.T) {
	down := func(k oci.Kind, of string) func(string) error {
		return func(what string) error {
			if strings.HasPrefix(what, of) {
				return &oci.Error{Kind: k, What: what, Msg: "is not to be had"}
			}
			return nil
		}
	}
	deep := good()
	for range 5 {
		deep = ocitest.Index(deep)
	}
	nothing := ocitest.Raw(types.OCIImageIndex, []byte(`{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","size":2,"digest":"sha512:`+strings.Repeat("ab", 64)+`"}]}`))
	for _, test := range []struct {
		name   string
		set    *ocitest.Set
		damage func(*ocitest.Set, *fake, *pin.Image)
		want   string
	}{
		{"clean", good(), nil, "1 proven, 2 proven, 3 proven"},
		{"digest missing", good(), func(s *ocitest.Set, f *fake, _ *pin.Image) { s.Remove(s.Root.Digest) }, "1 finding digest-missing, 2 not-tried, 3 finding tag-drift"},
		{"root flipped", good(), func(s *ocitest.Set, f *fake, _ *pin.Image) { s.Flip(s.Root.Digest) }, "1 finding digest-mismatch, 2 not-tried, 3 finding digest-mismatch"},
		{"child missing", good(), func(s *ocitest.Set, _ *fake, _ *pin.Image) { s.Remove(children(s)[1].Digest) }, "1 proven, 2 finding index-child-missing, 3 proven"},
		{"child flipped", good(), func(s *ocitest.Set, _ *fake, _ *pin.Image) { s.Flip(children(s)[1].Digest) }, "1 proven, 2 finding digest-mismatch, 3 proven"},
		{"config missing", good(), func(s *ocitest.Set, _ *fake, _ *pin.Image) { s.Remove(config(s, 0).Digest) }, "1 proven, 2 finding blob-missing, 3 proven"},
		{"config flipped", good(), func(s *ocitest.Set, _ *fake, _ *pin.Image) { s.Flip(config(s, 0).Digest) }, "1 proven, 2 finding blob-corrupt, 3 proven"},
		{"layer missing", good(), func(s *ocitest.Set, _ *fake, _ *pin.Image) { s.Remove(armTop.Digest) }, "1 proven, 2 finding blob-missing, 3 proven"},
		{"layer flipped", good(), func(s *ocitest.Set, _ *fake, _ *pin.Image) { s.Flip(base.Digest) }, "1 proven, 2 finding blob-corrupt, 3 proven"},
		{"layer cut", good(), func(s *ocitest.Set, _ *fake, _ *pin.Image) { s.Replace(base.Digest, base.Bytes[:9]) }, "1 proven, 2 finding blob-corrupt, 3 proven"},
		{"platform not declared is looked at", good(), func(s *ocitest.Set, _ *fake, im *pin.Image) {
			im.Platforms = []string{"linux/amd64"}
			s.Remove(armTop.Digest)
		}, "1 proven, 2 finding blob-missing, 3 proven"},
		{"platform removed", ocitest.Index(ocitest.Image("linux/amd64", base, top)), nil, "1 proven, 2 finding platform-missing, 3 proven"},
		{"variant", good(), func(_ *ocitest.Set, _ *fake, im *pin.Image) { im.Platforms = []string{"linux/arm64/v9"} }, "1 proven, 2 finding platform-missing, 3 proven"},
		{"index says another platform", relabelled(&v1.Platform{OS: "linux", Architecture: "s390x"}), func(_ *ocitest.Set, _ *fake, im *pin.Image) { im.Platforms = nil },
			"1 proven, 2 finding platform-mismatch, 3 proven"},
		{"index says no platform", relabelled(nil), nil, "1 proven, 2 proven, 3 proven"},
		{"index calls one image two platforms", ocitest.IndexWith(func(m *v1.IndexManifest) {
			again := m.Manifests[0]
			again.Platform = &v1.Platform{OS: "linux", Architecture: "arm64"}
			m.Manifests = append(m.Manifests, again, again)
		}, ocitest.Image("linux/amd64", base)), nil, "1 proven, 2 finding platform-mismatch, 3 proven"},
		{"config without a platform", ocitest.Index(ocitest.Image("", base)), func(_ *ocitest.Set, _ *fake, im *pin.Image) { im.Platforms = nil }, "1 proven, 2 finding platform-mismatch, 3 proven"},
		{"single platform", digestA, nil, "1 proven, 2 finding pin-is-single-platform, 3 proven"},
		{"single platform, and none of those declared", digestA, func(_ *ocitest.Set, _ *fake, im *pin.Image) { im.Platforms = []string{"linux/s390x", "linux/arm64"} },
			"1 proven, 2 finding pin-is-single-platform platform-missing, 3 proven"},
		{"one platform, as declared", digestA, func(_ *ocitest.Set, _ *fake, im *pin.Image) { im.Platforms = []string{"linux/amd64"} }, "1 proven, 2 proven, 3 proven"},
		{"pinned below the tag", good(), func(s *ocitest.Set, _ *fake, im *pin.Image) {
			im.Platforms, im.Digest = nil, children(s)[0].Digest.String()
		}, "1 proven, 2 proven, 3 finding pin-is-single-platform"},
		{"mirror calls it json", good(), func(_ *ocitest.Set, f *fake, _ *pin.Image) { f.called = "application/json" }, "1 proven, 2 finding media-type, 3 proven"},
		{"mirror calls it an image", good(), func(_ *ocitest.Set, f *fake, _ *pin.Image) { f.called = types.OCIManifestSchema1 }, "1 proven, 2 finding media-type, 3 proven"},
		{"a parameter is no other type", good(), func(_ *ocitest.Set, f *fake, im *pin.Image) {
			f.called, im.Platforms = types.OCIManifestSchema1+"; charset=utf-8", nil
			im.Digest = digestA.Root.Digest.String()
			f.Source, f.tag = digestA, digestA.Root.Digest
		}, "1 proven, 2 proven, 3 proven"},
		{"index calls its child another", ocitest.IndexWith(func(m *v1.IndexManifest) { m.Manifests[0].MediaType = types.DockerManifestSchema2 }, ocitest.Image("linux/amd64", base), ocitest.Image("linux/arm64", base)),
			nil, "1 proven, 2 finding media-type, 3 proven"},
		{"index lies about a size", ocitest.IndexWith(func(m *v1.IndexManifest) { m.Manifests[0].Size++ }, ocitest.Image("linux/amd64", base), ocitest.Image("linux/arm64", base)),
			nil, "1 proven, 2 finding digest-mismatch, 3 proven"},
		{"manifest lies about a size", ocitest.Index(ocitest.ImageWith("linux/amd64", func(_ *v1.ConfigFile, m *v1.Manifest) { m.Layers[0].Size++ }, base), ocitest.Image("linux/arm64", top)),
			nil, "1 proven, 2 finding blob-corrupt, 3 proven"},
		{"layer of no kind", ocitest.Index(ocitest.ImageWith("linux/amd64", func(_ *v1.ConfigFile, m *v1.Manifest) { m.Layers[0].MediaType = "text/html" }, base), ocitest.Image("linux/arm64", base)),
			nil, "1 proven, 2 finding media-type, 3 proven"},
		{"fewer layers in the config", ocitest.Index(ocitest.ImageWith("linux/amd64", func(c *v1.ConfigFile, _ *v1.Manifest) { c.RootFS.DiffIDs = nil }, base), ocitest.Image("linux/arm64", base)),
			nil, "1 proven, 2 finding media-type, 3 proven"},
		{"layer not to be distributed", ocitest.Index(ocitest.ImageWith("linux/amd64", func(_ *v1.ConfigFile, m *v1.Manifest) {
			m.Layers[0].MediaType, m.Layers[0].URLs = types.OCIRestrictedLayer, []string{"https://example.org/l"}
		}, top), ocitest.Image("linux/arm64", base)), func(s *ocitest.Set, _ *fake, _ *pin.Image) { s.Remove(top.Digest) }, "1 proven, 2 finding blob-missing, 3 proven"},
		{"index of an index", ocitest.Index(good()), nil, "1 proven, 2 proven, 3 proven"},
		{"indexes without end", deep, func(_ *ocitest.Set, _ *fake, im *pin.Image) { im.Platforms = nil }, "1 proven, 2 finding media-type, 3 proven"},
		{"sha512 child", nothing, func(_ *ocitest.Set, _ *fake, im *pin.Image) { im.Platforms = nil }, "1 proven, 2 finding media-type, 3 proven"},
		{"schema 1", ocitest.Raw(types.DockerManifestSchema1, []byte(`{"schemaVersion":1,"fsLayers":[]}`)), nil, "1 proven, 2 finding media-type, 3 proven"},
		{"neither", ocitest.Raw(types.OCIImageIndex, []byte(`[`)), nil, "1 proven, 2 finding media-type, 3 proven"},
		{"tag moved", good(), func(s *ocitest.Set, f *fake, _ *pin.Image) {
			other := ocitest.Index(ocitest.Image("linux/amd64", top))
			s.Manifests[other.Root.Digest] = other.Manifests[other.Root.Digest]
			f.tag = other.Root.Digest
		}, "1 proven, 2 proven, 3 finding tag-drift"},
		{"tag gone", good(), func(_ *ocitest.Set, f *fake, _ *pin.Image) { f.fail = down(oci.Missing, "tag") }, "1 proven, 2 proven, 3 finding tag-drift"},
		{"tag unknown", good(), func(_ *ocitest.Set, f *fake, _ *pin.Image) { f.fail = down(oci.RateLimited, "tag") }, "1 proven, 2 proven, 3 inconclusive rate-limited"},
		{"not pinned", good(), func(_ *ocitest.Set, _ *fake, im *pin.Image) { im.Digest = "" }, "1 not-tried, 2 not-tried, 3 not-tried"},
		{"all refused", good(), func(_ *ocitest.Set, f *fake, _ *pin.Image) { f.fail = down(oci.Auth, "") }, "1 inconclusive auth, 2 inconclusive auth, 3 inconclusive auth"},
		{"blobs refused", good(), func(_ *ocitest.Set, f *fake, _ *pin.Image) { f.fail = down(oci.ServerError, "blob") }, "1 proven, 2 inconclusive server-error, 3 proven"},
		{"one wrong, one unknown", good(), func(s *ocitest.Set, f *fake, _ *pin.Image) {
			s.Remove(top.Digest)
			f.fail = down(oci.Timeout, "blob "+armTop.Digest.String())
		}, "1 proven, 2 finding blob-missing timeout, 3 proven"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f, im := &fake{Source: test.set, tag: test.set.Root.Digest}, imageOf(test.set)
			if test.damage != nil {
				test.damage(test.set, f, &im)
			}
			r := one(t, &Auditor{}, f, im)
			if got := said(r); got != test.want {
				t.Errorf("got  %s\nwant %s\n%+v", got, test.want, r.Verdicts)
			}
			for _, v := range r.Verdicts {
				if v.Outcome == Proven && v.Text == "" {
					t.Errorf("level %d is proven by nothing", v.Level)
				}
				for _, f := range v.Against {
					if f.Label != im.Label || f.Severity == 0 || strings.HasSuffix(f.Msg, ".") {
						t.Errorf("%+v", f)
					}
				}
			}
		})
	}
}

// TestUnknownIsSummed: what a registry that is down says of each layer is told once.
func TestUnknownIsSummed(t *testing.T) {
	s := good()
	f := &fake{Source: s, tag: s.Root.Digest, fail: func(what string) error {
		if strings.HasPrefix(what, "blob") {
			return &oci.Error{Kind: oci.ServerError, What: what, Msg: "is not to be had"}
		}
		return nil
	}}
	v := one(t, &Auditor{}, f, imageOf(s)).Verdicts[Complete]
	if len(v.Unknown) != 1 || !strings.Contains(v.Unknown[0].Why, "; the same of 5 more") || len(v.Unknown[0].Hints) == 0 {
		t.Errorf("%+v", v.Unknown)
	}
}

// TestKept: what was hashed before is not downloaded again, but asked for; and what only the registry can say is inconclusive without it.
func TestKept(t *testing.T) {
	s := good()
	store := oci.NewStore(t.TempDir(), func(m string) { t.Error(m) })
	f := &fake{Source: s, tag: s.Root.Digest}
	text := func(a *Auditor) string {
		a.Kept = store
		v := one(t, a, f, imageOf(s)).Verdicts[Complete]
		return string(v.Outcome) + ": " + v.Text
	}
	if got, want := text(&Auditor{}), "proven: 3 manifests and 5 blobs hashed"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := text(&Auditor{}), "proven: 3 manifests hashed; 5 blobs hashed by an earlier audit, and still there"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := text(&Auditor{Rehash: true}), "proven: 3 manifests and 5 blobs hashed"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	s.Remove(top.Digest)
	if got := said(one(t, &Auditor{Kept: store}, f, imageOf(s))); got != "1 proven, 2 finding blob-missing, 3 proven" {
		t.Errorf("a blob that was kept, and is gone: %s", got)
	}
	f.fail = func(what string) error {
		return &oci.Error{Kind: oci.Offline, What: what, Msg: "is not asked for"}
	}
	im := imageOf(s)
	if got := said(one(t, &Auditor{Kept: store}, f, im)); got != "1 inconclusive offline, 2 inconclusive offline, 3 inconclusive offline" {
		t.Errorf("offline: %s", got)
	}
	im.Platforms = []string{"linux/s390x"}
	if got := said(one(t, &Auditor{Kept: store}, f, im)); got != "1 inconclusive offline, 2 finding offline platform-missing, 3 inconclusive offline" {
		t.Errorf("offline, and wrong by digest: %s", got)
	}
}

// TestNotKept: where nothing can be kept, an audit proves the same, and says once that it keeps nothing.
func TestNotKept(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	s := good()
	var warned []string
	a := &Auditor{Kept: oci.NewStore(filepath.Join(file, "oci"), nil), Warn: func(m string) { warned = append(warned, m) }}
	if got := said(one(t, a, &fake{Source: s, tag: s.Root.Digest}, imageOf(s))); got != "1 proven, 2 proven, 3 proven" {
		t.Error(got)
	}
	if len(warned) != 1 || !strings.HasPrefix(warned[0], "what is downloaded is not kept: ") {
		t.Errorf("warned: %q", warned)
	}
}

// TestTwoOrigins: what one registry has of a blob says nothing of another, whichever is asked first.
func TestTwoOrigins(t *testing.T) {
	s, damaged := good(), good()
	damaged.Flip(base.Digest)
	a := &Auditor{Level: Complete, Kept: oci.NewStore(t.TempDir(), nil), Open: func(_ context.Context, im *pin.Image) (*Origin, error) {
		if im.Repository == "bad" {
			return &Origin{Name: "bad", Source: damaged}, nil
		}
		return &Origin{Name: "good", Source: s}, nil
	}}
	bad := imageOf(s)
	bad.Repository = "bad"
	out, err := a.Audit(context.Background(), []pin.Image{imageOf(s), bad, imageOf(s)})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []Outcome{Proven, Found, Proven} {
		if v := out[i].Verdicts[Complete]; v.Outcome != want || v.Before != 0 {
			t.Errorf("image %d: %+v", i, v)
		}
	}
	// Nor does it in a later audit, when the good blob has been kept.
	later := &Auditor{Level: Complete, Kept: a.Kept, Open: a.Open}
	if out, err = later.Audit(context.Background(), []pin.Image{imageOf(s), bad}); err != nil {
		t.Fatal(err)
	}
	if v := out[0].Verdicts[Complete]; v.Outcome != Proven || v.Before != 5 {
		t.Errorf("the good one, later: %+v", v)
	}
	if v := out[1].Verdicts[Complete]; v.Outcome != Found || v.Before != 4 { // of its own it had four
		t.Errorf("the bad one, later: %+v", v)
	}
}

// TestShared: what several images name is asked for once, and no more at a time than is allowed.
func TestShared(t *testing.T) {
	s := good()
	f := &fake{Source: s, tag: s.Root.Digest}
	images := slices.Repeat([]pin.Image{imageOf(s)}, 20)
	var begun, done atomic.Int32
	watch := func(_ *pin.Image, end bool) {
		if end {
			done.Add(1)
		} else {
			begun.Add(1)
		}
	}
	a := &Auditor{Level: Complete, Parallel: 2, Watch: watch, Open: func(context.Context, *pin.Image) (*Origin, error) { return &Origin{Name: "r", Source: f}, nil }}
	out, err := a.Audit(context.Background(), images)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range out {
		if r.Verdicts[Complete].Outcome != Proven {
			t.Errorf("%+v", r.Verdicts[Complete])
		}
	}
	if begun.Load() != 20 || done.Load() != 20 {
		t.Errorf("%d images begun, %d done", begun.Load(), done.Load())
	}
	if n := f.asked.Load(); n != 5 {
		t.Errorf("%d blobs were asked for, want 5", n)
	}
}

// TestCancelled: an audit that is cancelled says nothing of the images.
func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	s := good()
	a := &Auditor{Level: Tag, Open: func(context.Context, *pin.Image) (*Origin, error) {
		return &Origin{Name: "r", Source: s, Registry: &fake{Source: s}}, nil
	}}
	if _, err := a.Audit(ctx, []pin.Image{imageOf(s)}); err != context.Canceled {
		t.Errorf("%v", err)
	}
}
