package attached

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/url"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/sbomctl/sbomctl/engine/oci"
	"github.com/sbomctl/sbomctl/engine/oci/ocitest"
	"github.com/sbomctl/sbomctl/rules/pin"
)

// now is when the tests look.
var now = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

const (
	someone    = "release@example.org"
	someIssuer = "https://accounts.example.org"
)

// repo is a repository in memory: a Source and a Lister. Only what is attached is asked of it as a Lister.
type repo struct {
	*ocitest.Set
	tags map[string]v1.Hash
	fail map[string]error // answers to what is asked, by tag, by "referrers", or by digest
	more []v1.Descriptor  // beside the referrers that are there
}

func newRepo(s *ocitest.Set) *repo {
	return &repo{Set: s, tags: map[string]v1.Hash{}, fail: map[string]error{}}
}

func (r *repo) Manifest(ctx context.Context, d v1.Hash) ([]byte, types.MediaType, error) {
	if err := r.fail[d.String()]; err != nil {
		return nil, "", err
	}
	return r.Set.Manifest(ctx, d)
}

func (r *repo) Referrers(ctx context.Context, d v1.Hash) ([]v1.Descriptor, error) {
	if err := r.fail["referrers"]; err != nil {
		return nil, err
	}
	var out []v1.Descriptor
	for digest, m := range r.Manifests {
		var in manifest
		if json.Unmarshal(m.Bytes, &in); in.Subject != nil && in.Subject.Digest == d {
			out = append(out, v1.Descriptor{MediaType: m.MediaType, Digest: digest, Size: int64(len(m.Bytes)), ArtifactType: in.ArtifactType})
		}
	}
	return append(out, r.more...), nil
}

func (r *repo) Resolve(ctx context.Context, tag string) (v1.Descriptor, []byte, error) {
	if err := r.fail[tag]; err != nil {
		return v1.Descriptor{}, nil, err
	}
	d, ok := r.tags[tag]
	if !ok {
		return v1.Descriptor{}, nil, &oci.Error{Kind: oci.Missing, What: "tag " + tag, Msg: "is not there"}
	}
	return v1.Descriptor{Digest: d}, r.Manifests[d].Bytes, nil
}

// layer is one of an attached manifest.
type layer struct {
	mediaType   string
	body        []byte
	annotations map[string]string
	size        int64 // that the manifest says it has; 0: that of body
}

func plain(mediaType string, body []byte) layer { return layer{mediaType: mediaType, body: body} }

// push puts a manifest of layers into the repository.
func (r *repo) push(subject *v1.Hash, artifactType string, layers ...layer) v1.Hash {
	m := map[string]any{"schemaVersion": 2, "mediaType": types.OCIManifestSchema1, "config": v1.Descriptor{MediaType: types.OCIConfigJSON, Digest: oci.DigestOf([]byte("{}")), Size: 2}}
	if artifactType != "" {
		m["artifactType"] = artifactType
	}
	if subject != nil {
		m["subject"] = v1.Descriptor{MediaType: types.OCIManifestSchema1, Digest: *subject, Size: 1}
	}
	list := []v1.Descriptor{}
	for _, l := range layers {
		d := v1.Descriptor{MediaType: types.MediaType(l.mediaType), Digest: oci.DigestOf(l.body), Size: int64(len(l.body)), Annotations: l.annotations}
		r.Blobs[d.Digest] = l.body
		if l.size != 0 {
			d.Size = l.size
		}
		list = append(list, d)
	}
	m["layers"] = list
	b, _ := json.Marshal(m)
	d := oci.DigestOf(b)
	r.Manifests[d] = ocitest.Document{MediaType: types.OCIManifestSchema1, Bytes: b}
	return d
}

// cosign attaches layers by a tag of cosign's.
func (r *repo) cosign(subject v1.Hash, suffix string, layers ...layer) v1.Hash {
	d := r.push(nil, "", layers...)
	r.tags["sha256-"+subject.Hex+suffix] = d
	return d
}

// look looks at the image for signers.
func (r *repo) look(t *testing.T, signers ...pin.Signer) *Result {
	t.Helper()
	out, err := Look(context.Background(), Request{Source: r, Lister: r, Name: "example.org/app", Label: "//:app", Digest: r.Root.Digest, Signers: signers, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// key is a key pair.
type key struct {
	crypto.Signer
	pss bool
}

func newECDSA(c elliptic.Curve) key { return key{Signer: must(ecdsa.GenerateKey(c, rand.Reader))} }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func (k key) pem() string { return pemOf(k.Public()) }

func pemOf(pub crypto.PublicKey) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: must(x509.MarshalPKIXPublicKey(pub))}))
}

// sign signs as cosign does: over SHA-256, but for Ed25519.
func (k key) sign(message []byte) []byte {
	if _, ok := k.Public().(ed25519.PublicKey); ok {
		return must(k.Sign(nil, message, crypto.Hash(0)))
	}
	sum := sha256.Sum256(message)
	if k.pss {
		return must(k.Sign(rand.Reader, sum[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256}))
	}
	return must(k.Sign(rand.Reader, sum[:], crypto.SHA256))
}

// sign384 signs over SHA-384.
func (k key) sign384(message []byte) []byte {
	sum := sha512.Sum384(message)
	return must(k.Sign(rand.Reader, sum[:], crypto.SHA384))
}

// payload is what cosign signs.
func payload(image v1.Hash) []byte {
	return fmt.Appendf(nil, `{"critical":{"identity":{"docker-reference":"example.org/app"},"image":{"docker-manifest-digest":"%s"},"type":"cosign container image signature"},"optional":null}`, image)
}

// simple is a layer of cosign's signature.
func simple(body, sig []byte, annotations ...string) layer {
	l := layer{mediaType: typePayload, body: body, annotations: map[string]string{annotationSignature: encode64(sig)}}
	for i := 0; i < len(annotations); i += 2 {
		l.annotations[annotations[i]] = annotations[i+1]
	}
	return l
}

const (
	predicateSign       = "https://sigstore.dev/cosign/sign/v1"
	predicateProvenance = "https://slsa.dev/provenance/v1"
	predicateSPDX       = "https://spdx.dev/Document"
)

// statement is an in-toto statement about images.
func statement(predicate string, images ...v1.Hash) []byte {
	subjects := []any{}
	for _, i := range images {
		subjects = append(subjects, map[string]any{"name": "app", "digest": map[string]string{i.Algorithm: i.Hex}})
	}
	return must(json.Marshal(map[string]any{"_type": "https://in-toto.io/Statement/v1", "subject": subjects, "predicateType": predicate, "predicate": map[string]any{}}))
}

// envelope is a DSSE envelope of a statement.
func envelope(statement []byte, sigs ...[]byte) []byte {
	list := []any{}
	for _, s := range sigs {
		list = append(list, map[string]string{"keyid": "", "sig": encode64(s)})
	}
	return must(json.Marshal(map[string]any{"payload": encode64(statement), "payloadType": typeStatement, "signatures": list}))
}

// pae is what an envelope's signature is over.
func pae(statement []byte) []byte {
	return []byte("DSSEv1 28 application/vnd.in-toto+json " + fmt.Sprint(len(statement)) + " " + string(statement))
}

const typeBundle = "application/vnd.dev.sigstore.bundle.v0.3+json"

// authority is a certificate authority like Fulcio: a root, and an intermediate that issues.
type authority struct {
	root, intermediate *x509.Certificate
	key                key
}

func newAuthority() *authority {
	ca := func(cn string, parent *x509.Certificate, pub crypto.PublicKey, by key) *x509.Certificate {
		c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: cn}, NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(9, 0, 0),
			KeyUsage: x509.KeyUsageCertSign, BasicConstraintsValid: true, IsCA: true}
		if parent == nil {
			parent = c
		} else {
			c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}
		}
		return must(x509.ParseCertificate(must(x509.CreateCertificate(rand.Reader, c, parent, pub, by))))
	}
	top, a := newECDSA(elliptic.P384()), &authority{key: newECDSA(elliptic.P384())}
	a.root = ca("root", nil, top.Public(), top)
	a.intermediate = ca("intermediate", a.root, a.key.Public(), top)
	return a
}

func certPEM(c ...*x509.Certificate) string {
	var b strings.Builder
	for _, c := range c {
		pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
	}
	return b.String()
}

// roots is what is declared to trust the authority alone.
func (a *authority) roots() string { return certPEM(a.root) }

// issue issues a certificate that was valid for ten minutes before now; change edits it.
func (a *authority) issue(pub crypto.PublicKey, change func(*x509.Certificate)) *x509.Certificate {
	c := &x509.Certificate{SerialNumber: big.NewInt(2), NotBefore: now.Add(-24 * time.Hour), NotAfter: now.Add(-24*time.Hour + 10*time.Minute),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}, EmailAddresses: []string{someone},
		ExtraExtensions: []pkix.Extension{{Id: oidIssuerRaw, Value: []byte(someIssuer)}, {Id: oidIssuer, Value: must(asn1.MarshalWithParams(someIssuer, "utf8"))}}}
	if change != nil {
		change(c)
	}
	return must(x509.ParseCertificate(must(x509.CreateCertificate(rand.Reader, c, a.intermediate, pub, a.key))))
}

func uri(s string) func(*x509.Certificate) {
	return func(c *x509.Certificate) { c.EmailAddresses, c.URIs = nil, []*url.URL{must(url.Parse(s))} }
}

// tlog is a transparency log like Rekor.
type tlog struct{ key }

func (l tlog) id() string {
	sum := sha256.Sum256(must(x509.MarshalPKIXPublicKey(l.Public())))
	return hex.EncodeToString(sum[:])
}

// enter enters a body.
func (l tlog) enter(body string, at time.Time) logEntry {
	e := logEntry{body: []byte(body), time: at.Unix(), index: 7, logID: l.id()}
	e.promise = l.sign(fmt.Appendf(nil, `{"body":"%s","integratedTime":%d,"logID":"%s","logIndex":7}`, encode64(e.body), e.time, e.logID))
	return e
}

// hashedrekord is the body of an entry of bytes and their signature.
func hashedrekord(message, sig []byte, by string) string {
	return fmt.Sprintf(`{"apiVersion":"0.0.1","kind":"hashedrekord","spec":{"data":{"hash":{"algorithm":"sha256","value":"%s"}},"signature":{"content":"%s","publicKey":{"content":"%s"}}}}`,
		oci.DigestOf(message).Hex, encode64(sig), encode64([]byte(by)))
}

// dsseBody is the body of an entry of an envelope.
func dsseBody(statement, sig []byte, by string) string {
	return fmt.Sprintf(`{"apiVersion":"0.0.1","kind":"dsse","spec":{"envelopeHash":{},"payloadHash":{"algorithm":"sha256","value":"%s"},"signatures":[{"signature":"%s","verifier":"%s"}]}}`,
		oci.DigestOf(statement).Hex, encode64(sig), encode64([]byte(by)))
}

// annotation is the entry as cosign writes it.
func (e logEntry) annotation() string {
	return fmt.Sprintf(`{"SignedEntryTimestamp":"%s","Payload":{"body":"%s","integratedTime":%d,"logIndex":%d,"logID":"%s"}}`, encode64(e.promise), encode64(e.body), e.time, e.index, e.logID)
}

// bundleOf is a Sigstore bundle of an envelope or a message's signature, which content is; with a certificate or, when that is nil, a key.
func bundleOf(content string, cert *x509.Certificate, logs ...logEntry) []byte {
	material := `"publicKey":{"hint":"x"}`
	if cert != nil {
		material = fmt.Sprintf(`"certificate":{"rawBytes":"%s"}`, encode64(cert.Raw))
	}
	var entries []string
	for _, e := range logs {
		entries = append(entries, fmt.Sprintf(`{"logIndex":"%d","logId":{"keyId":"%s"},"integratedTime":"%d","inclusionPromise":{"signedEntryTimestamp":"%s"},"canonicalizedBody":"%s"}`,
			e.index, encode64(must(hex.DecodeString(e.logID))), e.time, encode64(e.promise), encode64(e.body)))
	}
	return fmt.Appendf(nil, `{"mediaType":"%s","verificationMaterial":{%s,"tlogEntries":[%s]},%s}`, typeBundle, material, strings.Join(entries, ","), content)
}

// twoPlatforms is an image.
func twoPlatforms() *ocitest.Set {
	base := ocitest.Layer(ocitest.Gzip, ocitest.Entry{Name: "a", Body: "b"})
	return ocitest.Index(ocitest.Image("linux/amd64", base), ocitest.Image("linux/arm64", base))
}
