package cpython

import (
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// generatorPath is the script that says which files belong to which package.
const generatorPath = "Tools/build/generate_sbom.py"

// generator is what generate_sbom.py states.
type generator struct {
	packages []packageFiles // in the script's order
	licenses []placed       // the licence expressions that it allows
}

// packageFiles is an entry of PACKAGE_TO_FILES.
type packageFiles struct {
	name             placed
	include, exclude []placed
}

// placed is a string and where it stands.
type placed struct {
	text string
	pos  diag.Pos
}

const generatorShape = `PACKAGE_TO_FILES = {"NAME": PackageFiles(include=["PATTERN"], exclude=["PATH"])}`

// readGenerator reads the two tables of generate_sbom.py.
func readGenerator(src []byte) (*generator, error) {
	s, err := readScript(generatorPath, src)
	if err != nil {
		return nil, err
	}
	table, err := s.global("PACKAGE_TO_FILES")
	if err != nil {
		return nil, expecting(err)
	}
	if table == nil {
		return nil, &diag.Error{Pos: diag.File(generatorPath), Msg: "the script assigns no PACKAGE_TO_FILES, so nothing says which files belong to a package",
			Hints: []string{"expected " + generatorShape}}
	}
	g := &generator{}
	if g.packages, err = s.packages(table); err != nil {
		return nil, expecting(err)
	}
	allowed, err := s.global("ALLOWED_LICENSE_EXPRESSIONS")
	if err != nil {
		return nil, err
	}
	if allowed != nil {
		if allowed.kind == literalCall && (allowed.text == "frozenset" || allowed.text == "set") && len(allowed.items) == 1 {
			allowed = &allowed.items[0]
		}
		if g.licenses, err = s.strings(allowed, "ALLOWED_LICENSE_EXPRESSIONS"); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// expecting adds to an error how the table looks that is read.
func expecting(err error) error {
	if d, ok := err.(*diag.Error); ok {
		d.Hints = append(d.Hints, "expected "+generatorShape)
	}
	return err
}

func (s *script) packages(table *literal) ([]packageFiles, error) {
	if table.kind != literalDict {
		return nil, s.fail(table.at, "PACKAGE_TO_FILES is %s, expected a dictionary from package to files", table.describe())
	}
	var out []packageFiles
	seen := map[string]diag.Pos{}
	for i, key := range table.keys {
		if key.kind != literalString || key.text == "" {
			return nil, s.fail(key.at, "PACKAGE_TO_FILES has %s for a key, expected the name of a package", key.describe())
		}
		p := packageFiles{name: placed{key.text, s.pos(key.at)}}
		if before, ok := seen[key.text]; ok {
			return nil, s.fail(key.at, "package %q is in PACKAGE_TO_FILES a second time; the first is at %s", clip(key.text), before)
		}
		seen[key.text] = p.name.pos
		v := &table.items[i]
		if v.kind != literalCall || v.text != "PackageFiles" {
			return nil, s.fail(v.at, "the files of %q are %s, expected PackageFiles(...)", clip(key.text), v.describe())
		}
		for n, arg := range v.keys {
			name := arg.text
			if name == "" && n < 2 {
				name = []string{"include", "exclude"}[n]
			}
			list, err := s.strings(&v.items[n], name+" of "+key.text)
			if err != nil {
				return nil, err
			}
			switch name {
			case "include":
				p.include = list
			case "exclude":
				p.exclude = list
			default:
				return nil, s.fail(arg.at, "PackageFiles has the argument %q, expected include and exclude", clip(arg.text))
			}
		}
		out = append(out, p)
	}
	return out, nil
}

// strings returns the strings of a list; None is none.
func (s *script) strings(v *literal, what string) ([]placed, error) {
	if v.isNone() {
		return nil, nil
	}
	if v.kind != literalList {
		return nil, s.fail(v.at, "%s is %s, expected a list of strings", clip(what), v.describe())
	}
	var out []placed
	for _, item := range v.items {
		if item.kind != literalString || item.text == "" || strings.ContainsAny(item.text, "\x00\n\r") {
			return nil, s.fail(item.at, "%s has %s in it, expected a string of one line", clip(what), item.describe())
		}
		out = append(out, placed{item.text, s.pos(item.at)})
	}
	return out, nil
}
