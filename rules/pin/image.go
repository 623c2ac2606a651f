package pin

// OperationName is the validation that every container_image declares; its parameters are an Image.
const OperationName = "pin.references"

// Image is what a container_image declares.
type Image struct {
	Label      string   `json:"label"`
	Repository string   `json:"repository"`           // registry and repository: "quay.io/tiran/cpython_autoconf"
	Tag        string   `json:"tag"`                  // always declared
	Digest     string   `json:"digest"`               // "sha256:" and 64 hexadecimal digits; "" when the image is not pinned yet
	Platforms  []string `json:"platforms,omitempty"`  // "linux/amd64", "linux/arm64/v8": those that must be there
	Role       string   `json:"role,omitempty"`       // what the image is for: a reference to another image in the same role is a finding
	References []string `json:"references,omitempty"` // patterns of files in the tree
	OCILayout  string   `json:"oci_layout,omitempty"` // folder with an OCI layout that is asked before the registry, relative to the workspace's root
	Insecure   bool     `json:"insecure,omitempty"`   // plain http is allowed
	Signers    []Signer `json:"signers,omitempty"`    // who must have signed it
}

// String is the reference as a container runtime takes it: "quay.io/tiran/cpython_autoconf:269@sha256:...".
func (i Image) String() string { return Reference{i.Repository, i.Tag, i.Digest}.String() }

// Signer is who must have signed an image: the holder of a key, or an identity. Everything is text of the declaration itself, PEM where it is a key
// or a certificate, so that it is reviewed, and an input, as the digest is. Package attached says what each proves.
type Signer struct {
	Key      string `json:"key,omitempty"`      // public key
	Identity string `json:"identity,omitempty"` // of the signing certificate: e-mail address or URI
	Issuer   string `json:"issuer,omitempty"`   // who vouched for the identity: URL of an OpenID Connect issuer
	Root     string `json:"root,omitempty"`     // certificates, to one of which the signing certificate must lead
	LogKey   string `json:"log_key,omitempty"`  // public key of the transparency log that must have the signature, and says when
	TSA      string `json:"tsa,omitempty"`      // certificates of the timestamp authority (RFC 3161) that must have seen the signature, and says when
}

// GroupOperationName is the validation that a container_references declares; its parameters are a Group.
const GroupOperationName = "pin.group"

// Group is several images that the same files name.
type Group struct {
	Label  string       `json:"label"`
	Images []GroupImage `json:"images"`
}

// GroupImage is what a Group knows of an Image.
type GroupImage struct {
	Label      string `json:"label"`
	Repository string `json:"repository"`
	Tag        string `json:"tag"`
	Digest     string `json:"digest"`
	Role       string `json:"role,omitempty"`
}
