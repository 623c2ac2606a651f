package peers

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/in-toto/attestation/go/v1"
	"google.golang.org/protobuf/encoding/protojson"
)

// pinned is a workspace with an image that nobody has: the first port is no registry's.
const pinned = `load("@sbomctl//:rules.star", "container_image")

container_image(
    name = "image",
    repository = "127.0.0.1:1/image",
    tag = "1",
    digest = "sha256:0000000000000000000000000000000000000000000000000000000000000001",
)

container_image(
    name = "layout",
    repository = "127.0.0.1:1/image",
    tag = "1",
    digest = "sha256:0000000000000000000000000000000000000000000000000000000000000001",
    oci_layout = "nowhere",
)
`

func pinnedWorkspace(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"sbom.star": "", "BUILD.star": pinned} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestAuditSARIF: what is inconclusive is in a valid log, and no result.
func TestAuditSARIF(t *testing.T) {
	text := run(t, pinnedWorkspace(t), 3, "audit", "--format=sarif", "//...")
	if err := schema(t, "sarif-schema-2.1.0.json").Validate(decode(t, text)); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if s := string(text); !strings.Contains(s, `"id": "offline"`) || !strings.Contains(s, `"ruleId": "digest-missing"`) {
		t.Errorf("%s", s)
	}
}

// TestAuditStatement: in-toto's own library takes the statement.
func TestAuditStatement(t *testing.T) {
	dir := pinnedWorkspace(t)
	run(t, dir, 0, "audit", "--level=0", "--statement=s.json", "//:image")
	text, err := os.ReadFile(filepath.Join(dir, "s.json"))
	if err != nil {
		t.Fatal(err)
	}
	var s v1.Statement
	if err := protojson.Unmarshal(text, &s); err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(); err != nil {
		t.Error(err)
	}
	if len(s.Subject) != 1 || s.Subject[0].Name != "127.0.0.1:1/image" || s.Predicate.Fields["images"] == nil {
		t.Errorf("%s", text)
	}
	page := strings.TrimPrefix(s.PredicateType, "https://github.com/sbomctl/sbomctl/blob/main/")
	if text, err := os.ReadFile(filepath.Join("..", page)); err != nil || !strings.Contains(string(text), s.PredicateType) {
		t.Errorf("the predicate's type leads to no page that describes it: %v", err)
	}
}
