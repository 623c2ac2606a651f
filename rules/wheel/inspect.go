package wheel

import (
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// Wheel is what a wheel says of itself.
type Wheel struct {
	Path        string // of the wheel in its tree, for errors
	Filename    string // "pip-25.1.1-py3-none-any.whl"
	Name        string // of METADATA
	Version     string // of METADATA
	SHA256      string // of the wheel's bytes
	Stated      Stated // in METADATA
	VendorTXT   string // path of the vendor.txt inside; "" when the wheel vendors nothing
	Vendored    []Requirement
	PackageName string // as declared
}

// Inspect reads a wheel of size bytes. filePath is where it lies in its tree and sha256 the
// checksum of its bytes, which the caller has verified. packageName is the project that it must be; vendorTXT is
// the path inside the wheel of the list of what it vendors, "" when it vendors nothing. File name, dist-info folder and METADATA must agree.
func Inspect(r io.ReaderAt, size int64, filePath, sha256, packageName, vendorTXT string) (*Wheel, error) {
	w := &Wheel{Path: filePath, Filename: path.Base(filePath), SHA256: sha256, VendorTXT: vendorTXT, PackageName: packageName}
	bad := func(pos, format string, args ...any) error {
		return &diag.Error{Pos: diag.File(pos), Msg: fmt.Sprintf(format, args...)}
	}
	tag, ok := parseFilename(w.Filename)
	if !ok {
		return nil, bad(filePath, "%s is not a wheel's file name, expected <name>-<version>-<python>-<abi>-<platform>.whl", clip(w.Filename))
	}
	if Normalize(tag.name) != Normalize(packageName) {
		return nil, bad(filePath, "wheel is of project %s, but %s is declared", clip(tag.name), clip(packageName))
	}
	z, err := openZip(r, size, filePath)
	if err != nil {
		return nil, err
	}
	if err := w.readMetadata(z, tag); err != nil {
		return nil, err
	}
	if vendorTXT == "" {
		return w, nil
	}
	content, err := z.read(vendorTXT)
	if err != nil {
		return nil, err
	}
	if content == nil {
		return nil, bad(filePath, "wheel has no %s%s", clip(vendorTXT), diag.DidYouMean(vendorTXT, z.names()))
	}
	where := filePath + "!" + vendorTXT
	if w.Vendored, err = ParseVendorTXT(where, content); err != nil {
		return nil, err
	}
	if len(w.Vendored) == 0 {
		return nil, bad(where, "names no package, expected name==version lines")
	}
	return w, nil
}

// readMetadata finds the one *.dist-info/METADATA and checks it against the file name.
func (w *Wheel) readMetadata(z *members, tag filename) error {
	bad := func(pos, format string, args ...any) error {
		return &diag.Error{Pos: diag.File(pos), Msg: fmt.Sprintf(format, args...)}
	}
	member := ""
	for _, f := range z.files {
		dir, base := path.Split(f.Name)
		if base != "METADATA" || strings.Count(dir, "/") != 1 || !strings.HasSuffix(dir, ".dist-info/") {
			continue
		}
		if member != "" {
			return bad(w.Path, "wheel has %s and %s, expected one", clip(member), clip(f.Name))
		}
		member = f.Name
	}
	if member == "" {
		return bad(w.Path, "wheel has no <name>-<version>.dist-info/METADATA")
	}
	content, err := z.read(member)
	if err != nil {
		return err
	}
	where := w.Path + "!" + member
	m, err := parseMetadata(where, content)
	if err != nil {
		return err
	}
	w.Name, w.Version, w.Stated = m.first("name"), m.first("version"), m.stated()
	folder, _, _ := strings.Cut(member, "/")
	folderName, folderVersion, _ := strings.Cut(strings.TrimSuffix(folder, ".dist-info"), "-")
	switch {
	case !validName(w.Name) || Normalize(w.Name) != Normalize(tag.name):
		return bad(fmt.Sprintf("%s:%d", where, m.line["name"]), "name is %s, but the file name says %s", clip(w.Name), clip(tag.name))
	case !validVersion(w.Version) || !sameInFilename(tag.version, w.Version):
		return bad(fmt.Sprintf("%s:%d", where, m.line["version"]), "version is %s, but the file name says %s", clip(w.Version), clip(tag.version))
	case Normalize(folderName) != Normalize(tag.name) || !sameInFilename(folderVersion, tag.version):
		return bad(w.Path, "wheel has a folder %s, but its file name says %s-%s.dist-info", clip(folder), tag.name, tag.version)
	}
	return nil
}

// filename is a wheel's file name, taken apart.
type filename struct {
	name, version         string
	python, abi, platform string
}

// parseFilename reads "<name>-<version>[-<build>]-<python>-<abi>-<platform>.whl".
func parseFilename(s string) (filename, bool) {
	stem, ok := strings.CutSuffix(s, ".whl")
	if !ok || !validFilename(s) {
		return filename{}, false
	}
	p := strings.Split(stem, "-")
	if len(p) != 5 && len(p) != 6 {
		return filename{}, false
	}
	for _, part := range p {
		if part == "" {
			return filename{}, false
		}
	}
	n := len(p)
	f := filename{p[0], p[1], p[n-3], p[n-2], p[n-1]}
	return f, validName(f.name) && validVersion(f.version)
}
