package cpython

import (
	"regexp"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// externalsPath is the script that fetches what the Windows build compiles.
const externalsPath = "PCbuild/get_externals.bat"

// The files with the folders that it fetches into, which the macro cpython_windows_dep has for evidence, too.
const (
	propsPath      = "PCbuild/python.props"
	tcltkPropsPath = "PCbuild/tcltk.props"
)

// propsEvidence is the file that states the version of a library once more, and the pattern for it, as the macro has them.
func propsEvidence(name string) (path, pattern string) {
	if name == "tcl-core" || name == "tk" {
		return tcltkPropsPath, `<TclVersion [^>]*>(?P<version>[^<]+)<`
	}
	return propsPath, `\$\(ExternalsDir\)\\?` + regexp.QuoteMeta(name) + `-(?P<version>[0-9][0-9A-Za-z.]*)\\`
}

// maxExternals bounds the lines of the script that are read; 3.13 has nine.
const maxExternals = 1000

// external is a library that get_externals.bat fetches: name-version, the tag of a repository.
type external struct {
	name, version string
	pos           diag.Pos // of the tag
}

// libraryLine is a line that extends the list of libraries.
var libraryLine = regexp.MustCompile(`set[ \t]+libraries[ \t]*=[ \t]*%libraries%[ \t]+([0-9A-Za-z._+-]+)`)

// readExternals returns the libraries in the order of the script. What is said twice is there twice.
func readExternals(src []byte) ([]external, error) {
	if err := diag.CheckText(externalsPath, src); err != nil {
		return nil, err
	}
	var out []external
	for _, m := range libraryLine.FindAllSubmatchIndex(src, maxExternals) {
		tag := string(src[m[2]:m[3]])
		i := strings.LastIndexByte(tag, '-')
		if i <= 0 || i == len(tag)-1 {
			return nil, &diag.Error{Pos: diag.At(externalsPath, src, m[2]), Msg: "\"" + clip(tag) + "\" is not of the form NAME-VERSION, as each line that extends %libraries% is"}
		}
		out = append(out, external{tag[:i], tag[i+1:], diag.At(externalsPath, src, m[2])})
	}
	if len(out) == 0 {
		return nil, &diag.Error{Pos: diag.File(externalsPath), Msg: "no line of the script extends %libraries%, so nothing says what the Windows build compiles",
			Hints: []string{"expected lines such as: set libraries=%libraries%  bzip2-1.0.8"}}
	}
	return out, nil
}
