// Package registrytest starts a real registry for a test: Debian's docker-registry, or `registry` as
// github.com/distribution/distribution/v3/cmd/registry makes it.
//
//	r := registrytest.Start(t, registrytest.Options{})
//	r.Host                       // "127.0.0.1:40123", over plain http
//	r.Damage(digest, flip)       // behind the registry's back, in its folder
//
//	r := registrytest.Start(t, registrytest.Options{TLS: true, Password: true})
//	r.CAFile                     // SSL_CERT_FILE for a program that is to trust it
//	r.Config(t, User, Password)  // DOCKER_CONFIG for a program that is to log in
//
// A test that finds no such program skips, and says which package has it.
package registrytest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Options say what kind of registry is started.
type Options struct {
	TLS      bool // https, by a certificate of an authority made for this registry
	Password bool // User and Password are asked for
}

// User and Password open a registry that asks for a password.
const (
	User     = "user"
	Password = "secret"
)

// htpasswd is what `htpasswd -Bbn user secret` prints. A registry takes bcrypt alone.
const htpasswd = "user:$2y$05$EM.JvO6LO1ZkpGDrtB/SPuU8x79W/cR8OHvzpPKdszkDz4ik5EGv2\n"

// Registry is a registry that runs on loopback until the test ends.
type Registry struct {
	Host   string // address and port, which begins a reference: Host + "/repository"
	CAFile string // with TLS: certificate of the authority, PEM

	program string
	config  string // file
	storage string // folder
	stop    func() // nil when it does not run
}

// Program returns the program of a registry: the one that SBOMCTL_REGISTRY names, docker-registry or registry.
func Program() (string, error) {
	if path := os.Getenv("SBOMCTL_REGISTRY"); path != "" {
		return path, nil
	}
	for _, name := range []string{"docker-registry", "registry"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("no docker-registry in PATH (Debian package docker-registry), and SBOMCTL_REGISTRY names no other registry")
}

// Start starts a registry that is empty. It skips the test when there is no program.
func Start(t testing.TB, o Options) *Registry {
	t.Helper()
	program, err := Program()
	if err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	r := &Registry{program: program, config: filepath.Join(dir, "config.json"), storage: filepath.Join(dir, "storage")}
	type object = map[string]any
	server := object{"addr": "127.0.0.1:0", "secret": "any"}
	if o.TLS {
		cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
		r.CAFile = filepath.Join(dir, "ca.pem")
		if err := Certify(r.CAFile, cert, key); err != nil {
			t.Fatal(err)
		}
		server["tls"] = object{"certificate": cert, "key": key}
	}
	config := object{
		"version": "0.1",
		"http":    server,
		"storage": object{"filesystem": object{"rootdirectory": r.storage}, "delete": object{"enabled": true}},
	}
	if o.Password {
		path := filepath.Join(dir, "htpasswd")
		write(t, path, []byte(htpasswd))
		config["auth"] = object{"htpasswd": object{"realm": "test", "path": path}}
	}
	text, err := json.Marshal(config) // JSON is YAML
	if err != nil {
		t.Fatal(err)
	}
	write(t, r.config, text)
	r.run(t)
	return r
}

func write(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// listening is what a registry logs once it can be asked.
var listening = regexp.MustCompile(`listening on ([0-9.]+:[0-9]+)`)

// run starts the program and returns when it listens.
func (r *Registry) run(t testing.TB) {
	t.Helper()
	cmd := exec.Command(r.program, "serve", r.config)
	cmd.Env = append(os.Environ(), "OTEL_TRACES_EXPORTER=none", "OTEL_METRICS_EXPORTER=none")
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout = io.Discard
	if err := cmd.Start(); err != nil {
		t.Fatalf("%s: %v", r.program, err)
	}
	r.stop = sync.OnceFunc(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	t.Cleanup(r.stop)
	var said bytes.Buffer
	lines := bufio.NewReader(log)
	for {
		line, err := lines.ReadBytes('\n')
		said.Write(line)
		if m := listening.FindSubmatch(line); m != nil {
			r.Host = string(m[1])
			break
		}
		if err != nil {
			t.Fatalf("%s does not listen:\n%s", r.program, said.Bytes())
		}
	}
	go io.Copy(io.Discard, lines) // a full pipe would stop it
}

// Stop ends the registry: whoever asks it gets no connection.
func (r *Registry) Stop() { r.stop() }

// Blob is the file that the registry keeps a blob or a manifest in.
func (r *Registry) Blob(digest v1.Hash) string {
	return filepath.Join(r.storage, "docker/registry/v2/blobs", digest.Algorithm, digest.Hex[:2], digest.Hex, "data")
}

// Damage changes the bytes that the registry keeps under a digest.
func (r *Registry) Damage(t testing.TB, digest v1.Hash, change func([]byte) []byte) {
	t.Helper()
	data, err := os.ReadFile(r.Blob(digest))
	if err != nil {
		t.Fatal(err)
	}
	write(t, r.Blob(digest), change(data))
}

// Login is the user of a registry that asks for a password, for go-containerregistry.
func Login() authn.Authenticator {
	return &authn.Basic{Username: User, Password: Password}
}

// Config makes a folder for DOCKER_CONFIG, by which a program logs in to the registry.
func (r *Registry) Config(t testing.TB, user, password string) string {
	t.Helper()
	dir := t.TempDir()
	text, err := json.Marshal(map[string]any{"auths": map[string]any{r.Host: map[string]string{"username": user, "password": password}}})
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "config.json"), text)
	return dir
}
