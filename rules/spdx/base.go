package spdx

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/engine/diag"
)

// WriteBase writes the base SBOM: packages in their declared order, and the files of each by
// package name, in the order in which files(i) returns those of packages[i]. It streams: apart
// from the identifiers, the files of one package are held at a time. A file of two packages is listed once, and contained in
// both: overlap, if it is not nil, is told of it with the positions of the package that has it already and of the other.
func WriteBase(w io.Writer, packages []Package, licenses []ExtractedLicense, files func(i int) ([]File, error), overlap func(first, second int, path string)) error {
	packages, err := withIDs(newIDMap(len(packages)), packages, byName)
	if err != nil {
		return err
	}
	order := make([]int, len(packages))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return strings.Compare(packages[a].Name, packages[b].Name) })

	j := newJSONWriter(w)
	j.open('{')
	j.member("SPDXID", documentID)
	j.key("files")
	j.open('[')
	ids := newIDMap(0)
	contained := make([][]string, len(packages)) // identifiers of each package's files
	for n, i := range order {
		list, err := files(i)
		if err != nil {
			return err
		}
		contained[i] = make([]string, len(list))
		var owners map[string]int // of the files of the packages before; made when there is an overlap
		for k := range list {
			f := &list[k]
			if err := checkPath(f.Path); err != nil {
				return err
			}
			id, fresh := ids.assign(filePrefix + f.Path)
			f.ID, contained[i][k] = id, id
			if fresh {
				writeFile(j, f)
				continue
			}
			if owners == nil {
				if owners, err = ownersOfFiles(order[:n], files); err != nil {
					return err
				}
			}
			first, ok := owners[f.Path]
			if !ok {
				return &diag.Error{Pos: diag.File(f.Path), Msg: fmt.Sprintf("file belongs to package %q twice", packages[i].Name)}
			}
			if overlap != nil {
				overlap(first, i, f.Path)
			}
		}
	}
	j.close(']')
	writeLicenses(j, licenses)
	writePackages(j, packages)
	j.key("relationships")
	j.open('[')
	for _, i := range order {
		for _, id := range contained[i] {
			writeRelationship(j, &Relationship{Element: packages[i].ID, Type: contains, Related: id})
		}
	}
	j.close(']')
	j.member("spdxVersion", spdxVersion)
	j.close('}')
	return j.flush()
}

// ownersOfFiles returns which of the packages at those positions has each file; of several the first.
func ownersOfFiles(order []int, files func(i int) ([]File, error)) (map[string]int, error) {
	owners := map[string]int{}
	for _, i := range order {
		list, err := files(i)
		if err != nil {
			return nil, err
		}
		for k := range list {
			if _, ok := owners[list[k].Path]; !ok {
				owners[list[k].Path] = i
			}
		}
	}
	return owners, nil
}

// Deps returns the source-deps SBOM: packages in their declared order and nothing else.
func Deps(packages []Package) (*Document, error) {
	packages, err := withIDs(newIDMap(len(packages)), packages, byName)
	if err != nil {
		return nil, err
	}
	return &Document{Packages: packages, PackagesOnly: true}, nil
}

// byName and byNameAndVersion are the values from which package identifiers are made.
func byName(p *Package) string           { return packagePrefix + p.Name }
func byNameAndVersion(p *Package) string { return packagePrefix + p.Name + "-" + p.Version }

// withIDs returns a copy of packages with their identifiers. Two packages of the same name (and,
// where it counts, version) cannot be told apart in a document: that is an error.
func withIDs(ids *idMap, packages []Package, value func(*Package) string) ([]Package, error) {
	var errs diag.List
	out := slices.Clone(packages)
	for i := range out {
		p := &out[i]
		id, fresh := ids.assign(value(p))
		if !fresh {
			errs = append(errs, &diag.Error{
				Msg:   fmt.Sprintf("two packages have the SPDX id %s: %q and %q", id, describe(out[:i], id), p.Name+" "+p.Version),
				Hints: []string{"leave one of them out, or set its package_name"},
			})
		}
		p.ID = id
	}
	return out, errs.Err()
}

// describe returns "name version" of the package with the identifier, or the identifier's own name
// when it was given out before these packages.
func describe(packages []Package, id string) string {
	for _, p := range packages {
		if p.ID == id {
			return p.Name + " " + p.Version
		}
	}
	return strings.TrimPrefix(id, packagePrefix)
}
