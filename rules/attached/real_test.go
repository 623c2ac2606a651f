package attached

import (
	"bytes"
	"crypto/elliptic"
	"os"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sbomctl/sbomctl/rules/pin"
)

// TestPublicSigstore: a signature that GitHub Actions made with the public Sigstore, of an npm package, whose digest stands for an image's here.
func TestPublicSigstore(t *testing.T) {
	read := func(name string) []byte { return must(os.ReadFile("testdata/" + name)) }
	const workflow = "https://github.com/sigstore/sigstore-js/.github/workflows/release.yml@refs/heads/main"
	declared := pin.Signer{Identity: workflow, Issuer: "https://token.actions.githubusercontent.com", Root: string(read("fulcio.pem")), LogKey: string(read("rekor.pub"))}
	image := v1.Hash{Algorithm: "sha512", Hex: "46d4e2f74c4877316640000a6fdf8a8b59f1e0847667973e9859f774dd31b8f1e0937813b777fb66a2ac67d50540fe34640966eee9fc2ccca387082b4c85cd3c"}
	hold := func(bundle []byte, declared pin.Signer, image v1.Hash) held {
		s, err := readBundle(bundle)
		if err != nil {
			t.Fatal(err)
		}
		return must(parseSigner(declared)).hold(s, image, KindProvenance, now)
	}
	bundle := read("sigstore-js-2.0.0.sigstore.json")
	h := hold(bundle, declared, image)
	if h.relation != verified || !h.proof.Time.Equal(time.Date(2023, 8, 18, 16, 5, 35, 0, time.UTC)) {
		t.Errorf("%+v", h)
	}
	if s, _ := readBundle(bundle); s.claimed() != workflow+" (https://token.actions.githubusercontent.com)" || s.claim.predicate != predicateProvenance {
		t.Errorf("%s, %+v", s.claimed(), s.claim)
	}
	refused := func(what, why string, bundle []byte, declared pin.Signer, image v1.Hash) {
		if h := hold(bundle, declared, image); h.relation == verified || !strings.Contains(h.why, why) {
			t.Errorf("%s: %+v", what, h)
		}
	}
	other := image
	other.Hex = strings.Repeat("0", 128)
	refused("another image", "which is not this image", bundle, declared, other)
	refused("a workflow of another branch", "is by https://github.com/sigstore/sigstore-js/", bundle, with(declared, func(s *pin.Signer) { s.Identity += "2" }), image)
	refused("no log", "is not valid now", bundle, with(declared, func(s *pin.Signer) { s.LogKey = "" }), image)
	refused("another log", "of another log", bundle, with(declared, func(s *pin.Signer) { s.LogKey = newECDSA(elliptic.P256()).pem() }), image)
	refused("another root", "does not lead to a declared root", bundle, with(declared, func(s *pin.Signer) { s.Root = newAuthority().roots() }), image)
	later := bytes.Replace(bundle, []byte(`"1692374735"`), []byte(`"1692374736"`), 1)
	refused("another time", "is not signed by the declared log", later, declared, image)
}

func with(s pin.Signer, change func(*pin.Signer)) pin.Signer {
	change(&s)
	return s
}
