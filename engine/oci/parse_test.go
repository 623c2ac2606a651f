package oci_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/sbomctl/sbomctl/engine/oci"
	"github.com/sbomctl/sbomctl/engine/oci/ocitest"
)

const (
	blobA = `{"mediaType":"application/vnd.oci.image.layer.v1.tar","size":1,"digest":"sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"}`
	data  = `{"size":2,"digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","data":"%s"}`
)

func TestParse(t *testing.T) {
	sha512 := `{"size":1,"digest":"sha512:` + strings.Repeat("a", 128) + `"}`
	many := strings.Repeat(blobA+",", oci.MaxChildren+1) + blobA
	for name, tt := range map[string]struct {
		raw    string
		called types.MediaType
		want   string // media type, or the error
		kind   oci.Kind
	}{
		"manifest":         {`{"schemaVersion":2,"config":` + blobA + `,"layers":[]}`, "", string(types.OCIManifestSchema1), ""},
		"called":           {`{"schemaVersion":2,"config":` + blobA + `,"layers":[]}`, types.DockerManifestSchema2, string(types.DockerManifestSchema2), ""},
		"called otherwise": {`{"schemaVersion":2,"config":` + blobA + `,"layers":[]}`, types.OCIImageIndex, string(types.OCIManifestSchema1), ""},
		"says":             {`{"schemaVersion":2,"mediaType":"` + string(types.DockerManifestList) + `","manifests":[]}`, types.OCIImageIndex, string(types.DockerManifestList), ""},
		"index":            {`{"schemaVersion":2,"manifests":[` + blobA + `]}`, "text/plain", string(types.OCIImageIndex), ""},
		"data":             {`{"schemaVersion":2,"config":` + fmt.Sprintf(data, "e30=") + `}`, "", string(types.OCIManifestSchema1), ""},
		"other data":       {`{"schemaVersion":2,"config":` + fmt.Sprintf(data, "W10=") + `}`, "", "are other bytes", oci.Malformed},
		"no data":          {`{"schemaVersion":2,"config":` + fmt.Sprintf(data, "") + `}`, "", "are other bytes", oci.Malformed},
		"schema 1":         {`{"schemaVersion":1,"name":"x","fsLayers":[]}`, "", "old schema 1", oci.MediaType},
		"schema 1 signed":  {`{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v1+prettyjws"}`, "", "old schema 1", oci.MediaType},
		"schema 3":         {`{"schemaVersion":3,"manifests":[]}`, "", "has schemaVersion 3, expected 2", oci.Malformed},
		"no schema":        {`{"manifests":[]}`, "", "has schemaVersion 0", oci.Malformed},
		"both":             {`{"schemaVersion":2,"manifests":[],"layers":[]}`, "", "manifests as an index, and layers", oci.Malformed},
		"neither":          {`{"schemaVersion":2}`, "", "neither manifests nor layers", oci.Malformed},
		"lies":             {`{"schemaVersion":2,"mediaType":"` + string(types.OCIImageIndex) + `","layers":[]}`, "", "says it is " + string(types.OCIImageIndex) + ", and is not", oci.Malformed},
		"config":           {`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.config.v1+json","layers":[]}`, "", "expected an index or a manifest", oci.MediaType},
		"no config":        {`{"schemaVersion":2,"layers":[]}`, "", "names a blob without a digest", oci.Malformed},
		"sha512":           {`{"schemaVersion":2,"manifests":[` + sha512 + `]}`, "", "by sha512, which sbomctl does not read", oci.Malformed},
		"sha512 subject":   {`{"schemaVersion":2,"manifests":[],"subject":` + sha512 + `}`, "", "by sha512", oci.Malformed},
		"blake3":           {`{"schemaVersion":2,"manifests":[{"digest":"blake3:aa"}]}`, "", "unsupported hash", oci.Malformed},
		"path as digest":   {`{"schemaVersion":2,"manifests":[{"digest":"sha256:../../etc/passwd"}]}`, "", "is no JSON of", oci.Malformed},
		"negative":         {`{"schemaVersion":2,"manifests":[` + strings.Replace(blobA, `"size":1`, `"size":-1`, 1) + `]}`, "", "has -1 bytes", oci.Malformed},
		"vast":             {`{"schemaVersion":2,"manifests":[` + strings.Replace(blobA, `"size":1`, `"size":99999999999999`, 1) + `]}`, "", "has 99999999999999 bytes", oci.Malformed},
		"overflow":         {`{"schemaVersion":2,"manifests":[` + strings.Replace(blobA, `"size":1`, `"size":99999999999999999999999`, 1) + `]}`, "", "is no JSON of", oci.Malformed},
		"many":             {`{"schemaVersion":2,"manifests":[` + many + `]}`, "", "names 1002 blobs", oci.Malformed},
		"long":             {`{"schemaVersion":2,"manifests":[]}` + strings.Repeat(" ", oci.MaxManifest), "", "at most 4194304 are read", oci.Malformed},
		"more":             {`{"schemaVersion":2,"manifests":[]} {}`, "", "something follows it", oci.Malformed},
		"torn":             {`{"schemaVersion":2,`, "", "it is cut short", oci.Malformed},
		"empty":            {``, "", "it is cut short", oci.Malformed},
		"list":             {`[]`, "", "is no JSON of", oci.Malformed},
		"deep":             {`{"schemaVersion":2,"manifests":` + strings.Repeat("[", 20000), "", "is no JSON of", oci.Malformed},
	} {
		doc, err := oci.Parse("it", []byte(tt.raw), tt.called)
		if tt.kind == "" {
			if err != nil || string(doc.MediaType) != tt.want || (doc.Index == nil) == (doc.Manifest == nil) {
				t.Errorf("%s: %+v, %v", name, doc, err)
			}
			continue
		}
		t.Log(name)
		wantKind(t, err, tt.kind, "it ", tt.want)
	}
}

// FuzzParse: whatever is read names its blobs by what a Source can be asked for.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"schemaVersion":2,"config":`+blobA+`,"layers":[`+blobA+`],"subject":`+blobA+`}`), "")
	f.Add([]byte(`{"schemaVersion":2,"manifests":[`+blobA+`]}`), "text/html")
	f.Add([]byte(`{"schemaVersion":2,"config":`+fmt.Sprintf(data, "e30=")+`}`), string(types.DockerManifestSchema2))
	f.Fuzz(func(t *testing.T, raw []byte, called string) {
		doc, err := oci.Parse("it", raw, types.MediaType(called))
		if err != nil {
			if k := oci.KindOf(err); k != oci.Malformed && k != oci.MediaType {
				t.Errorf("%v", err)
			}
			return
		}
		if !doc.MediaType.IsIndex() && !doc.MediaType.IsImage() || (doc.Index == nil) == (doc.Manifest == nil) {
			t.Errorf("%+v", doc)
		}
		for _, c := range doc.Children() {
			if err := oci.CheckDigest("it", c.Digest); err != nil || c.Size < 0 {
				t.Errorf("%+v, %v", c, err)
			}
		}
		if doc.Index != nil {
			_, _ = oci.Choose(doc.Index, v1.Platform{OS: "linux", Architecture: "amd64"})
		}
	})
}

func FuzzPlatform(f *testing.F) {
	for _, s := range []string{"linux/amd64", "linux/arm64/v8", "windows", "linux//", "linux/arm/v7/x", "LINUX/amd64", "linux/amd64 "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if p, err := oci.ParsePlatform(s); err == nil && (p.String() != s || !oci.Matches(p, p)) {
			t.Errorf("%q is %v", s, p)
		}
	})
}

func TestChoose(t *testing.T) {
	layer := ocitest.Layer(ocitest.None)
	image := func(platform string) *ocitest.Set { return ocitest.Image(platform, layer) }
	named := func(platform, name string) *ocitest.Set {
		s := image(platform)
		s.Root.Annotations = map[string]string{"name": name}
		return s
	}
	attestation := image("unknown/unknown")
	attestation.Root.Annotations = map[string]string{"vnd.docker.reference.type": "attestation-manifest"}
	set := ocitest.Index(attestation, named("linux/arm/v6", "v6"), named("linux/arm/v7", "v7"), named("linux/arm64", "64"), named("linux/amd64/v3", "fast"),
		named("linux/amd64", "plain"), named("linux/amd64", "again"))
	doc, err := oci.Parse("it", set.Manifests[set.Root.Digest].Bytes, "")
	if err != nil {
		t.Fatal(err)
	}
	for platform, want := range map[string]string{
		"linux/arm": "v7", "linux/arm/v6": "v6", "linux/arm/v7": "v7", "linux/arm64": "64", "linux/arm64/v8": "64", "linux/amd64": "plain", "linux/amd64/v3": "fast",
		"linux/amd64/v1": "plain",
		"linux/s390x":    "has no image for linux/s390x, only for linux/arm/v6, linux/arm/v7, linux/arm64, linux/amd64/v3, linux/amd64, linux/amd64",
		"linux/arm/v5":   "has no image for linux/arm/v5, only for ", "unknown/unknown": "has no image for unknown/unknown",
	} {
		p, err := oci.ParsePlatform(platform)
		if err != nil {
			t.Fatal(err)
		}
		d, err := oci.Choose(doc.Index, p)
		if err != nil && !strings.HasPrefix(err.Error(), want) || err == nil && d.Annotations["name"] != want {
			t.Errorf("%s: %v, %v", platform, d.Annotations, err)
		}
	}
	for _, bad := range []string{"", "linux", "linux/", "/amd64", "linux/amd64/v1/x", "Linux/amd64", "linux/amd64:10", " linux/amd64"} {
		if p, err := oci.ParsePlatform(bad); err == nil || !strings.Contains(err.Error(), `expected one such as "linux/amd64"`) {
			t.Errorf("%q: %v, %v", bad, p, err)
		}
	}
}

// TestFind: through indexes within indexes, as deep as is read.
func TestFind(t *testing.T) {
	amd, arm := ocitest.Image("linux/amd64", ocitest.Layer(ocitest.None)), ocitest.Image("linux/arm64")
	inner := ocitest.Index(arm)
	for name, tt := range map[string]struct {
		set  *ocitest.Set
		kind oci.Kind
		want string
	}{
		"manifest": {arm, "", ""},
		"index":    {ocitest.Index(amd, arm), "", ""},
		"nested":   {ocitest.Index(amd, inner), "", ""},
		"deepest":  {ocitest.Index(ocitest.Index(inner)), "", ""},
		"deeper":   {ocitest.Index(ocitest.Index(ocitest.Index(inner))), oci.Malformed, "deeper than is read"},
		"absent":   {ocitest.Index(amd, ocitest.Index(amd)), oci.Missing, "has no image for linux/arm64"},
		"lie":      {ocitest.IndexWith(func(m *v1.IndexManifest) { m.Manifests[0].Size++ }, arm), oci.Mismatch, "are declared"},
	} {
		d, m, err := oci.Find(ctx, tt.set, tt.set.Root.Digest, v1.Platform{OS: "linux", Architecture: "arm64"})
		if tt.kind == "" {
			if err != nil || d.Digest != arm.Root.Digest || m == nil {
				t.Errorf("%s: %v, %v", name, d, err)
			}
		} else {
			wantKind(t, err, tt.kind, tt.want)
		}
		// A pull agrees, whether it is for one platform or all.
		store := oci.NewStore(t.TempDir(), nil)
		err = oci.Pull(ctx, tt.set, store, tt.set.Root.Digest, []v1.Platform{{OS: "linux", Architecture: "arm64"}})
		if tt.kind == "" || name == "absent" {
			if err != nil && name != "absent" {
				t.Errorf("%s: %v", name, err)
			}
		} else {
			wantKind(t, err, tt.kind, tt.want)
		}
		if tt.kind == "" {
			if _, _, err := oci.Find(ctx, store, tt.set.Root.Digest, v1.Platform{OS: "linux", Architecture: "arm64"}); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// TestVerify: a stream ends well only with the digest and the size.
func TestVerify(t *testing.T) {
	content := "the content"
	right := ocitest.Descriptor("", []byte(content))
	for name, tt := range map[string]struct {
		bytes string
		d     v1.Descriptor
		want  string
	}{
		"right":   {content, right, ""},
		"empty":   {"", ocitest.Descriptor("", nil), ""},
		"other":   {"the kontent", right, "has other bytes: their digest is sha256:"},
		"short":   {"the", right, "has 3 bytes, 11 are declared"},
		"long":    {content + "!", right, "has more than the declared 11 bytes"},
		"lie":     {content, v1.Descriptor{Digest: right.Digest, Size: 4}, "has more than the declared 4 bytes"},
		"nothing": {content, v1.Descriptor{Digest: right.Digest}, "has more than the declared 0 bytes"},
	} {
		for _, size := range []int{1, 3, 1000} {
			r := oci.Verify("it", io.NopCloser(strings.NewReader(tt.bytes)), tt.d)
			var got []byte
			var err error
			for buf := make([]byte, size); err == nil; {
				var n int
				n, err = r.Read(buf)
				got = append(got, buf[:n]...)
			}
			if _, again := r.Read(make([]byte, 1)); again != err {
				t.Errorf("%s: then %v", name, again)
			}
			if int64(len(got)) > tt.d.Size {
				t.Errorf("%s: %d bytes came out", name, len(got))
			}
			if tt.want == "" {
				if err != io.EOF || string(got) != tt.bytes {
					t.Errorf("%s: %q, %v", name, got, err)
				}
				continue
			}
			wantKind(t, err, oci.Mismatch, "it "+tt.want)
		}
	}
}

// TestFirst: the next is asked for what one has not got, and for nothing else.
func TestFirst(t *testing.T) {
	set, other := twoPlatforms(), ocitest.Image("linux/amd64")
	if b, _, err := oci.First(other, set).Manifest(ctx, set.Root.Digest); err != nil || oci.DigestOf(b) != set.Root.Digest {
		t.Error(err)
	}
	broken := twoPlatforms()
	broken.Flip(set.Root.Digest)
	_, _, err := oci.First(broken, set).Manifest(ctx, set.Root.Digest)
	wantKind(t, err, oci.Mismatch)
	_, _, err = oci.First(other, other).Manifest(ctx, set.Root.Digest)
	wantKind(t, err, oci.Missing)
	_, err = oci.First().Blob(ctx, set.Root)
	wantKind(t, err, oci.Missing, "there is no place to look")
	_, _, err = oci.First().Manifest(ctx, set.Root.Digest)
	wantKind(t, err, oci.Missing)
}
