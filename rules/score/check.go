package score

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/sbomctl/sbomctl/rules/ident"
)

// state is what a check finds in a document or a component.
type state int

const (
	missing state = iota
	unknown
	held
)

// check is one thing to look for. Exactly one of document and component is set, unless it lies outside of documents.
type check struct {
	id      string
	where   string   // in SPDX 2.3, for the documentation
	from    string   // where sbomctl takes it from, likewise
	mend    mend     // what to set
	formats []string // that have a place for it; nil: all

	document  func(*document) state
	component func(*document, *component) state
	asked     func(*document, *component) bool // of which components; nil: of all
}

// mend says what makes an element held, by what declares the component: an attribute, or "" where no attribute does. The document's own
// elements are mended at the product.
type mend struct {
	pkg, product, wheel, vendored string
}

// said is what a value says that SPDX may leave open.
func said(value string) state {
	switch strings.TrimSpace(value) {
	case "":
		return missing
	case ident.NoAssertion:
		return unknown
	}
	return held
}

func yes(ok bool) state {
	if ok {
		return held
	}
	return missing
}

// agent is said of a supplier or originator; "Organization: " without a name says nothing.
func agent(value string) state {
	kind, name, ok := strings.Cut(value, ":")
	if ok && (kind == "Organization" || kind == "Person") {
		return said(name)
	}
	return said(value)
}

// contact matches an e-mail address or a URL in what an agent is called.
var contact = regexp.MustCompile(`[^\s()<>@]+@[^\s()<>@]+\.[^\s()<>@]+|https?://[^\s()<>]+`)

// reachable is held when one of the agents can be written to, or there is a page; unknown when nobody knows who they are.
func reachable(page string, agents ...string) state {
	if contact.MatchString(page) || slices.ContainsFunc(agents, contact.MatchString) {
		return held
	}
	if slices.ContainsFunc(agents, func(a string) bool { return agent(a) == held }) {
		return missing // it is known who it is, and no address is said
	}
	if slices.ContainsFunc(agents, func(a string) bool { return agent(a) == unknown }) {
		return unknown
	}
	return missing
}

// authors are the creators that are somebody, not a tool.
func (d *document) authors() []string {
	return slices.DeleteFunc(slices.Clone(d.Creation.Creators), func(c string) bool {
		return strings.HasPrefix(c, "Tool:") || agent(c) != held
	})
}

// tools are the names of the creators that are tools.
func (d *document) tools() (out []string) {
	for _, c := range d.Creation.Creators {
		if name, ok := strings.CutPrefix(c, "Tool:"); ok && said(name) == held {
			out = append(out, strings.TrimSpace(name))
		}
	}
	return out
}

// toolVersion is the tail of "Tool: name-version" (SPDX 2.3, section 6.8).
var toolVersion = regexp.MustCompile(`-v?[0-9][^\s]*$`)

// contexts are the words of CISA's types of SBOMs, which the creator comment has (SPDX 2.3.1, annex L.2.2).
var contexts = regexp.MustCompile(`(?i)\b(design|source|build|analyzed|deployed|runtime)\b`)

// Checksum algorithms by what may be relied on: those that NIST approves (FIPS 180-4, FIPS 202), without SHA-1.
var approved = types("SHA224 SHA256 SHA384 SHA512 SHA3-256 SHA3-384 SHA3-512")

func (c *component) checksum(ok func(algorithm string) bool) state {
	return yes(slices.ContainsFunc(c.Checksums, func(s checksum) bool { return s.Value != "" && ok(s.Algorithm) }))
}

// identifiers are the reference types that identify a package in SPDX 2.3, annex F.
var (
	common     = types("cpe22Type cpe23Type purl")
	identifier = types("cpe22Type cpe23Type purl swid swh gitoid maven-central npm nuget bower")
)

func (c *component) identified(by map[string]bool) state {
	return yes(slices.ContainsFunc(c.Refs, func(r ref) bool { return by[r.Type] && r.Locator != "" }))
}

// either is the better of two states.
func either(a, b state) state { return max(a, b) }

// withProperties are the formats that have a place for what BSI asks of files. SPDX 2.3 has none: an annotation carries it through.
var withProperties = []string{"cyclonedx-1.6", "cyclonedx-1.7", "spdx-3.0.1"}

// property is what an annotation says that carries a property of BSI's taxonomy through SPDX 2.3: "NAME=VALUE".
func property(name string) func(*document, *component) state {
	return func(_ *document, c *component) state {
		return yes(slices.ContainsFunc(c.Annotations, func(a annotation) bool {
			return slices.ContainsFunc(strings.Fields(a.Comment), func(word string) bool {
				value, ok := strings.CutPrefix(word, name+"=")
				return ok && value != ""
			})
		}))
	}
}

// The checks, in the order of the documentation: of the document, then of components.
var (
	hasAuthor = &check{id: "author", where: "`creationInfo.creators`: a `Person` or an `Organization`", from: "`creators` of `product`", mend: mend{product: "creators"},
		document: func(d *document) state { return yes(len(d.authors()) > 0) }}
	hasAuthorContact = &check{id: "author-contact", where: "`creationInfo.creators`, with an e-mail address or a URL", from: "`creators` of `product`: `\"Organization: NAME (ADDRESS)\"`", mend: mend{product: "creators"},
		document: func(d *document) state { return reachable("", d.authors()...) }}
	hasSignature = &check{id: "signature", where: "beside the document", from: "who publishes signs the files"}
	hasFormat    = &check{id: "format", where: "`spdxVersion`", from: "`formats` of the SBOM",
		document: func(d *document) state { return yes(d.Version != "") }}
	hasFormatVersion = &check{id: "format-version", where: "`spdxVersion`", from: "`formats` of the SBOM",
		document: func(d *document) state { return yes(strings.TrimPrefix(d.Version, "SPDX-") != "") }}
	hasContext = &check{id: "generation-context", where: "`creationInfo.comment`, with one of Design, Source, Build, Analyzed, Deployed, Runtime", from: "the complete profile: Source, since documents are made from the source tree and what is declared",
		document: func(d *document) state { return yes(contexts.MatchString(d.Creation.Comment)) }}
	hasTimestamp = &check{id: "timestamp", where: "`creationInfo.created`", from: "`created` of `product`", mend: mend{product: "created"},
		document: func(d *document) state {
			_, err := time.Parse(time.RFC3339, d.Creation.Created)
			return yes(err == nil)
		}}
	hasTool = &check{id: "tool", where: "`creationInfo.creators`: `Tool: NAME-VERSION`", from: "`creators` of `product`", mend: mend{product: "creators"},
		document: func(d *document) state { return yes(len(d.tools()) > 0) }}
	hasToolVersion = &check{id: "tool-version", where: "`creationInfo.creators`: `Tool: NAME-VERSION`", from: "`creators` of `product`", mend: mend{product: "creators"},
		document: func(d *document) state { return yes(slices.ContainsFunc(d.tools(), toolVersion.MatchString)) }}
	hasURI = &check{id: "sbom-uri", where: "`documentNamespace`", from: "`download_url` of `product`, and the content", mend: mend{product: "download_url"},
		document: func(d *document) state { return yes(strings.Contains(d.Namespace, ":")) }}

	hasSupplier = &check{id: "supplier", where: "`supplier`", from: "`supplier` of the package or `product`", mend: mend{pkg: "supplier", product: "supplier", wheel: "supplier", vendored: "supplier"},
		component: func(_ *document, c *component) state { return agent(c.Supplier) }}
	hasProducer = &check{id: "producer", where: "`originator`", from: "`originator` of the package or `product`", mend: mend{pkg: "originator", product: "originator", wheel: "originator", vendored: attrLock},
		component: func(_ *document, c *component) state { return agent(c.Originator) }}
	hasCreator = &check{id: "creator-contact", where: "`originator` or `supplier` with an e-mail address or a URL, or `homepage`", from: "`originator`, `supplier` or `homepage` of the package",
		mend:      mend{pkg: "homepage", product: "homepage", wheel: "homepage", vendored: attrLock},
		component: func(_ *document, c *component) state { return reachable(c.Homepage, c.Originator, c.Supplier) }}
	hasName = &check{id: "name", where: "`name`", from: "the target's name, or `package_name`", mend: mend{pkg: "package_name", product: "package_name", wheel: "package_name", vendored: "vendor_txt"},
		component: func(_ *document, c *component) state { return said(c.Name) }}
	hasVersion = &check{id: "version", where: "`versionInfo`", from: "`version` of the package; the artifact's name", mend: mend{pkg: "version", wheel: "src", vendored: "vendor_txt"},
		component: func(_ *document, c *component) state { return said(c.Version) }}
	hasIdentifier = &check{id: "identifier", where: "`externalRefs`: CPE, package URL, SWID, SWHID, gitoid", from: "`purl`, `cpe` and `cpes` of the package", mend: mend{pkg: "purl", product: "purl", wheel: "cpe", vendored: "vendor_txt"},
		component: func(_ *document, c *component) state { return c.identified(identifier) }}
	hasCommonID = &check{id: "common-identifier", where: "`externalRefs`: CPE or package URL", from: "`purl`, `cpe` and `cpes` of the package", mend: mend{pkg: "purl", product: "purl", wheel: "cpe", vendored: "vendor_txt"},
		component: func(_ *document, c *component) state { return c.identified(common) }}
	hasRelationship = &check{id: "relationship", where: "`relationships` (`DESCRIBES`, `CONTAINS`, `DEPENDS_ON` and their like)", from: "what the SBOM lists",
		component: func(d *document, c *component) state { return yes(d.described[c.ID] || d.placed[c.ID]) }}
	hasCompleteness = &check{id: "completeness", where: "`relationships`: what a component is made of or depends on, or `NONE` or `NOASSERTION` in its place", from: "what the SBOM lists; the complete profile says `NOASSERTION` of the others",
		component: func(d *document, c *component) state { return yes(d.listed[c.ID]) }}
	hasHash = &check{id: "hash", where: "`checksums`", from: "`sha256`, `sha512`, `md5` of the package; the artifact itself", mend: mend{pkg: "sha256", product: attrArtifact, wheel: "src", vendored: attrLock},
		component: func(_ *document, c *component) state { return c.checksum(func(string) bool { return true }) }}
	hasHashAlgorithm = &check{id: "hash-algorithm", where: "`checksums`: SHA-2 or SHA-3", from: "`sha256` or `sha512` of the package; the artifact itself", mend: mend{pkg: "sha256", product: attrArtifact, wheel: "src", vendored: attrLock},
		component: func(_ *document, c *component) state {
			return c.checksum(func(a string) bool { return approved[a] })
		}}
	hasSHA512 = &check{id: "sha512", where: "`checksums`: SHA-512", from: "the artifact itself; `sha512` of the package", mend: mend{pkg: "sha512", product: attrArtifact, wheel: "src", vendored: attrLock}, asked: (*document).deployed,
		component: func(_ *document, c *component) state {
			return c.checksum(func(a string) bool { return a == "SHA512" })
		}}
	hasLicense = &check{id: "license", where: "`licenseConcluded` or `licenseDeclared`", from: "`license` and `license_declared` of the package", mend: mend{pkg: "license", product: "license", wheel: "license", vendored: attrLock},
		component: func(_ *document, c *component) state { return either(said(c.Concluded), said(c.Declared)) }}
	hasConcluded = &check{id: "license-concluded", where: "`licenseConcluded`", from: "`license` of the package", mend: mend{pkg: "license", product: "license", wheel: "license", vendored: attrLock},
		component: func(_ *document, c *component) state { return said(c.Concluded) }}
	hasDeclared = &check{id: "license-declared", where: "`licenseDeclared`", from: "`license_declared` of the package", mend: mend{pkg: "license_declared", product: "license_declared", wheel: "license_declared", vendored: attrLock},
		component: func(_ *document, c *component) state { return said(c.Declared) }}
	hasFileName = &check{id: "filename", where: "`packageFileName`", from: "the artifact's name", mend: mend{product: attrArtifact}, asked: (*document).deployed,
		component: func(_ *document, c *component) state { return said(c.FileName) }}
	hasExecutable = &check{id: "executable", where: "an annotation `bsi:component:NAME=VALUE`", from: "the ending of the artifact's name, as far as it tells", asked: (*document).deployed, formats: withProperties, component: property("bsi:component:executable")}
	hasArchived   = &check{id: "archive", where: "an annotation `bsi:component:NAME=VALUE`", from: "the ending of the artifact's name, as far as it tells", asked: (*document).deployed, formats: withProperties, component: property("bsi:component:archive")}
	hasStructured = &check{id: "structured", where: "an annotation `bsi:component:NAME=VALUE`", from: "the ending of the artifact's name, as far as it tells", asked: (*document).deployed, formats: withProperties, component: property("bsi:component:structured")}
	hasSourceURI  = &check{id: "source-uri", where: "`downloadLocation` of what is source", from: "`download_url` of the package", mend: mend{pkg: "download_url", product: "download_url", wheel: attrLock, vendored: attrLock},
		asked:     func(d *document, c *component) bool { return !d.deployed(c) || c.Purpose == "SOURCE" },
		component: func(_ *document, c *component) state { return location(c) }}
	hasDeployableURI = &check{id: "deployable-uri", where: "`downloadLocation` of what is deployed", from: "`download_url` of `product`; the lock file of a wheel", mend: mend{product: "download_url", wheel: attrLock}, asked: (*document).deployed,
		component: func(_ *document, c *component) state { return location(c) }}
	hasUnknowns = &check{id: "unknowns", where: "`NOASSERTION` in `supplier`, `originator`, `licenseConcluded`, `licenseDeclared` or `downloadLocation`, where the value is not known", from: "the complete profile",
		component: func(_ *document, c *component) state {
			for _, value := range []string{c.Supplier, c.Originator, c.Concluded, c.Declared, c.DownloadURL} {
				if said(value) == missing {
					return missing
				}
			}
			return held
		}}
)

// location is said of a download location; NONE is no address.
func location(c *component) state {
	if c.DownloadURL == ident.None {
		return missing
	}
	return said(c.DownloadURL)
}
