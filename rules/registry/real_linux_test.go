package registry

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/sbomctl/sbomctl/engine/oci"
	"github.com/sbomctl/sbomctl/engine/oci/ocitest"
)

// realRegistries are the programs of real registries, by the name that they are looked for: Debian's package docker-registry, and
// github.com/distribution/distribution/v3/cmd/registry. SBOMCTL_REGISTRY names another.
func realRegistries(t *testing.T) []string {
	var found []string
	for _, name := range []string{"docker-registry", "registry", os.Getenv("SBOMCTL_REGISTRY")} {
		if path, err := exec.LookPath(name); err == nil && name != "" {
			found = append(found, path)
		}
	}
	if found == nil {
		t.Skip("no real registry: install Debian's docker-registry, or build github.com/distribution/distribution/v3/cmd/registry into $PATH")
	}
	return found
}

var listening = regexp.MustCompile(`listening on (127\.0\.0\.1:\d+)`)

// startRegistry runs a registry, which dies with the test whatever happens to that, and returns its host and port. Its files are below dir.
func startRegistry(t *testing.T, program, dir, http string) string {
	config := filepath.Join(dir, "config.yml")
	text := "version: 0.1\nlog: {level: info}\nstorage: {filesystem: {rootdirectory: " + dir + "/data}, delete: {enabled: true}}\nhttp: {addr: \"127.0.0.1:0\"" + http
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "serve", config)
	cmd.Env = append(os.Environ(), "OTEL_TRACES_EXPORTER=none")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = write, write
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	write.Close()
	host := make(chan string, 1)
	go func() {
		defer close(host)
		for lines := bufio.NewScanner(read); lines.Scan(); {
			if m := listening.FindStringSubmatch(lines.Text()); m != nil {
				host <- m[1]
			}
		}
	}()
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		read.Close()
	})
	h, ok := <-host
	if !ok {
		t.Fatal(program + " ended at once")
	}
	return h
}

// push puts a set into a real registry with go-containerregistry.
func push(t *testing.T, repo string, tag string, set *ocitest.Set, options ...remote.Option) {
	t.Helper()
	dir := t.TempDir()
	set.WriteLayout(dir)
	index, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	r, err := name.NewRepository(repo)
	if err != nil {
		t.Fatal(err)
	}
	var ref name.Reference = r.Digest(set.Root.Digest.String())
	if tag != "" {
		ref = r.Tag(tag)
	}
	if set.Root.MediaType.IsIndex() {
		inner, err := index.ImageIndex(set.Root.Digest)
		if err == nil {
			err = remote.WriteIndex(ref, inner, options...)
		}
		if err != nil {
			t.Fatal(err)
		}
		return
	}
	image, err := index.Image(set.Root.Digest)
	if err == nil {
		err = remote.Write(ref, image, options...)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// checkReal is what is asked of a real registry: pushed, pulled, resolved, listed, missed.
func checkReal(t *testing.T, c *Client, host string, options ...remote.Option) {
	t.Helper()
	set := app()
	repo := host + "/org/app"
	push(t, repo, "1", set, options...)
	r := repository(t, c, repo)
	d, b, err := r.Resolve(ctx, "1")
	if err != nil || d.Digest != set.Root.Digest || d.MediaType != types.OCIImageIndex || int64(len(b)) != d.Size {
		t.Fatal(d, err)
	}
	store := oci.NewStore(t.TempDir(), func(m string) { t.Error(m) })
	if err := oci.Pull(ctx, r, store, set.Root.Digest, nil); err != nil {
		t.Fatal(err)
	}
	for digest, b := range set.Blobs {
		if got, err := read(t, store, ocitest.Descriptor("", b)); err != nil || string(got) != string(b) {
			t.Errorf("%s: %v", digest, err)
		}
		if err := r.Exists(ctx, ocitest.Descriptor("", b)); err != nil {
			t.Error(err)
		}
	}
	signature := ocitest.Artifact(set.Root, "application/vnd.test.signature", types.OCILayer, ocitest.Layer(ocitest.Gzip).Bytes, nil)
	push(t, repo, "", signature, options...)
	push(t, repo, "sha256-"+set.Root.Digest.Hex, ocitest.Index(signature), options...) // neither registry has the API
	list, err := r.Referrers(ctx, set.Root.Digest)
	if err != nil || len(list) != 1 || list[0].Digest != signature.Root.Digest {
		t.Errorf("%v, %v", list, err)
	}
	none := oci.DigestOf([]byte("none"))
	_, _, err = r.Manifest(ctx, none)
	wantKind(t, err, oci.Missing, "is not there")
	_, err = read(t, r, ocitest.Descriptor("", []byte("none")))
	wantKind(t, err, oci.Missing, "is not there")
	wantKind(t, r.Exists(ctx, ocitest.Descriptor("", []byte("none"))), oci.Missing)
	_, _, err = r.Resolve(ctx, "2")
	wantKind(t, err, oci.Missing, "tag 2 of "+repo)
	_, _, err = repository(t, c, host+"/org/none").Resolve(ctx, "1")
	if oci.KindOf(err) != oci.Missing {
		t.Errorf("an unknown repository: %v", err)
	}
}

// TestRealPlain: a real registry on the loopback interface.
func TestRealPlain(t *testing.T) {
	for _, program := range realRegistries(t) {
		t.Run(filepath.Base(program), func(t *testing.T) {
			checkReal(t, client(nil, nil), startRegistry(t, program, t.TempDir(), "}\n"))
		})
	}
}

// TestRealDamage: a tag that moved, a child that was deleted, and a byte that was flipped on the registry's disk are told apart.
func TestRealDamage(t *testing.T) {
	for _, program := range realRegistries(t) {
		t.Run(filepath.Base(program), func(t *testing.T) {
			dir := t.TempDir()
			host := startRegistry(t, program, dir, "}\n")
			set := app()
			push(t, host+"/org/app", "1", set)
			r := repository(t, client(nil, nil), host+"/org/app")
			amd, m, err := oci.Find(ctx, r, set.Root.Digest, v1.Platform{OS: "linux", Architecture: "amd64"})
			if err != nil {
				t.Fatal(err)
			}
			push(t, host+"/org/app", "1", ocitest.Image("linux/s390x", ocitest.Layer(ocitest.Gzip)))
			if d, _, err := r.Resolve(ctx, "1"); err != nil || d.Digest == set.Root.Digest {
				t.Errorf("the tag did not move: %v, %v", d, err)
			}
			layer := m.Layers[0]
			path := filepath.Join(dir, "data", "docker", "registry", "v2", "blobs", "sha256", layer.Digest.Hex[:2], layer.Digest.Hex, "data")
			b, err := os.ReadFile(path)
			if err == nil {
				b[len(b)/2] ^= 1
				err = os.WriteFile(path, b, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := r.Exists(ctx, layer); err != nil {
				t.Error("a HEAD would have been enough after all:", err)
			}
			err = oci.Pull(ctx, r, oci.NewStore(t.TempDir(), nil), set.Root.Digest, nil)
			wantKind(t, err, oci.Mismatch, "blob "+layer.Digest.String()+" of "+host+"/org/app has other bytes")
			ref, err := name.NewDigest(host + "/org/app@" + amd.Digest.String())
			if err == nil {
				err = remote.Delete(ref)
			}
			if err != nil {
				t.Fatal(err)
			}
			err = oci.Pull(ctx, r, oci.NewStore(t.TempDir(), nil), set.Root.Digest, nil)
			wantKind(t, err, oci.Missing, "manifest "+amd.Digest.String()+" of "+host+"/org/app is not there")
		})
	}
}

// TestRealTLS: one with a certificate of an authority of its own, and users with passwords.
func TestRealTLS(t *testing.T) {
	htpasswd, err := exec.LookPath("htpasswd")
	if err != nil {
		t.Skip("no htpasswd: install Debian's apache2-utils")
	}
	programs := realRegistries(t)
	dir := t.TempDir()
	users, err := exec.Command(htpasswd, "-nbB", "me", secret).Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "users"), users, 0o600); err != nil {
		t.Fatal(err)
	}
	roots := certificate(t, dir)
	for _, program := range programs {
		t.Run(filepath.Base(program), func(t *testing.T) {
			host := startRegistry(t, program, t.TempDir(), fmt.Sprintf(", tls: {certificate: %s/cert.pem, key: %s/key.pem}}\nauth: {htpasswd: {realm: here, path: %s/users}}\n", dir, dir, dir))
			transport := http.DefaultTransport.(*http.Transport).Clone()
			transport.TLSClientConfig = &tls.Config{RootCAs: roots}
			defer transport.CloseIdleConnections()
			trusting := func(keys authn.Keychain) *Client {
				c := client(nil, keys)
				c.Transport = transport
				return c
			}
			checkReal(t, trusting(user), host, remote.WithTransport(transport), remote.WithAuth(authn.FromConfig(authn.AuthConfig(user))))
			_, _, err := repository(t, trusting(nil), host+"/org/app").Resolve(ctx, "1")
			wantKind(t, err, oci.Auth, "wants credentials")
			_, _, err = repository(t, trusting(key{Username: "me", Password: "wrong"}), host+"/org/app").Resolve(ctx, "1")
			wantKind(t, err, oci.Auth, "does not accept the credentials")
			_, _, err = repository(t, client(nil, user), host+"/org/app").Resolve(ctx, "1")
			wantKind(t, err, oci.TLS, "signed by nobody whom this machine trusts")
		})
	}
}

// certificate writes a certificate for 127.0.0.1 and its key, and returns who vouches for it.
func certificate(t *testing.T, dir string) *x509.CertPool {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalECPrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: der}, "key.pem": {Type: "EC PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return pool
}
