package registrytest

import (
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// TestPlain pushes to a registry, damages what it keeps, and stops it.
func TestPlain(t *testing.T) {
	r := Start(t, Options{})
	ref := push(t, r)
	got, err := remote.Get(ref)
	if err != nil {
		t.Fatal(err)
	}
	r.Damage(t, got.Digest, func(b []byte) []byte { return append(b, ' ') })
	damaged, err := remote.Get(ref)
	if err != nil || damaged.Digest == got.Digest {
		t.Errorf("after the damage: %v, %v", damaged, err)
	}
	r.Stop()
	if _, err := remote.Get(ref); err == nil {
		t.Error("it answers after Stop")
	}
}

// TestTLSAndPassword asks with and without the authority and the password.
func TestTLSAndPassword(t *testing.T) {
	r := Start(t, Options{TLS: true, Password: true})
	trusted := remote.WithTransport(Trusting(t, r.CAFile))
	user := remote.WithAuth(Login())
	push(t, r, trusted, user)
	ref, err := name.ParseReference(r.Host + "/image:tag")
	if err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct {
		options []remote.Option
		ok      bool
	}{
		"trusted, password":       {[]remote.Option{trusted, user}, true},
		"trusted, no password":    {[]remote.Option{trusted}, false},
		"trusted, wrong password": {[]remote.Option{trusted, remote.WithAuth(&authn.Basic{Username: User, Password: "wrong"})}, false},
		"not trusted, password":   {[]remote.Option{user}, false},
	} {
		if _, err := remote.Get(ref, c.options...); (err == nil) != c.ok {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// push puts an image of random bytes at Host/image:tag.
func push(t *testing.T, r *Registry, options ...remote.Option) name.Reference {
	t.Helper()
	ref, err := name.ParseReference(r.Host + "/image:tag")
	if err != nil {
		t.Fatal(err)
	}
	var img v1.Image
	if img, err = random.Image(100, 2); err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, img, options...); err != nil {
		t.Fatal(err)
	}
	return ref
}
