package signals

import (
	"path"
	"slices"
	"strings"
)

// licenceNames are what files with a licence are called, in lower case and without their ending.
var licenceNames = []string{"copying", "copyright", "copyrights", "licence", "license", "licenses", "notice", "unlicense"}

// IsLicence reports whether a file's name says that it holds a licence: COPYING, LICENSE.txt, LICENSE-MIT, COPYING.LIB.
func IsLicence(file string) bool {
	name := strings.ToLower(path.Base(file))
	stem := strings.FieldsFunc(name, func(r rune) bool { return r == '.' || r == '-' || r == '_' })
	if len(stem) == 0 || !slices.Contains(licenceNames, stem[0]) {
		return false
	}
	switch ext := path.Ext(name); ext {
	case ".rst", ".md":
		return path.Base(file) != name // license.rst is a page of a manual
	case ".py", ".c", ".h", ".go", ".rs", ".js", ".ts", ".java", ".json", ".html", ".rtf", ".xml", ".po", ".png", ".svg", ".cc", ".cpp", ".sh":
		return false // it is about licences
	}
	return true
}

// metadataNames are the files in which projects state what they vendored.
var metadataNames = map[string]string{
	"METADATA":        "AOSP's METADATA",
	"moz.yaml":        "Mozilla's moz.yaml",
	"README.chromium": "Chromium's README.chromium",
	"vendor.txt":      "vendor.txt",
	"README.vendored": "README.vendored",
	"VENDORED":        "VENDORED",
	"vendored.txt":    "vendored.txt",
	"UPSTREAM":        "UPSTREAM",
}

// IsMetadata reports whether a file's name is that of a file in which its project states what it vendored.
func IsMetadata(file string) bool {
	dir, name := path.Split(file)
	if metadataNames[name] == "" {
		return false
	}
	// What Python installs has a METADATA of another kind.
	return !strings.HasSuffix(dir, ".dist-info/") && !strings.HasSuffix(dir, ".egg-info/")
}

// buildNames are files that a project has once, at its top: below that, they are another project's.
var buildNames = []string{"cmakelists.txt", "configure.ac", "configure.in", "meson.build", "cargo.toml", "authors", "changelog"}

func isBuild(file string) bool { return slices.Contains(buildNames, strings.ToLower(path.Base(file))) }

// autotools are the files that autoconf, automake and libtool put into every project that uses them. They are told together.
var autotools = []string{"aclocal.m4", "ar-lib", "compile", "config.guess", "config.rpath", "config.sub", "configure", "depcomp", "install-sh",
	"libtool.m4", "ltmain.sh", "missing", "mkinstalldirs", "py-compile", "test-driver", "ylwrap", "lt~obsolete.m4", "ltoptions.m4", "ltsugar.m4", "ltversion.m4"}

func isAutotools(file string) bool { return slices.Contains(autotools, path.Base(file)) }
