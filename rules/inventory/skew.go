package inventory

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/engine/finding"
	"github.com/sbomctl/sbomctl/rules/ident"
)

// skews reports each library that is listed at several versions, at the declaration of its lowest one.
func skews(all []Component, severity finding.Severity) []finding.Finding {
	var out []finding.Finding
	for _, lib := range libraries(all) {
		lib = slices.DeleteFunc(lib, func(c Component) bool { return c.Version == "" }) // nobody knows: it may be any of them
		slices.SortStableFunc(lib, func(a, b Component) int { return compareVersions(a.Version, b.Version) })
		var versions []string
		rows := [][]string{{"version", "in", "declared by"}}
		for _, c := range lib {
			if len(versions) == 0 || compareVersions(versions[len(versions)-1], c.Version) != 0 {
				versions = append(versions, c.Version)
			}
			row := []string{c.Version, c.Document, c.Label}
			if !slices.ContainsFunc(rows, func(r []string) bool { return slices.Equal(r, row) }) {
				rows = append(rows, row)
			}
		}
		if len(versions) < 2 {
			continue
		}
		f := finding.Finding{Rule: RuleSkew, Severity: severity, Label: lib[0].Label, Attr: "version",
			Msg:   fmt.Sprintf("%s is listed at %d versions: %s", name(lib), len(versions), strings.Join(versions, ", ")),
			Hints: align(rows), Declared: versions[0]}
		out = append(out, f)
	}
	return out
}

// name is what a library is called: what most of its packages are, or else the shortest of their names.
func name(lib []Component) string {
	counts := map[string]int{}
	for _, c := range lib {
		counts[c.Name]++
	}
	return slices.MinFunc(lib, func(a, b Component) int {
		return cmp.Or(-cmp.Compare(counts[a.Name], counts[b.Name]), cmp.Compare(len(a.Name), len(b.Name)), cmp.Compare(a.Name, b.Name))
	}).Name
}

// libraries puts together the components of one library, in the order in which each is met first. Two components are one library when
// their names are the same, or else their CPEs speak of one vendor and product. But a CPE that one document has
// for two packages (Tcl and Tk) is that of a family, in which names decide, and "tcl-core" is a part of "tcl".
func libraries(all []Component) [][]Component {
	family := map[string]bool{} // by vendor and product
	seen := map[[2]string]string{}
	for _, c := range all {
		if p := product(c); p != "" {
			k := [2]string{c.Document, p}
			if other, ok := seen[k]; ok && other != normal(c.Name) {
				family[p] = true
			}
			seen[k] = normal(c.Name)
		}
	}
	// of[i] is a component that i is the same library as; itself for the first of a library.
	of := make([]int, len(all))
	byName, byProduct := map[string]int{}, map[string]int{}
	first := func(i int) int {
		for of[i] != i {
			i = of[i]
		}
		return i
	}
	join := func(i int, index map[string]int, key string) {
		if j, ok := index[key]; ok {
			a, b := first(i), first(j)
			of[max(a, b)] = min(a, b)
		} else {
			index[key] = i
		}
	}
	for i, c := range all {
		of[i] = i
		n, p := normal(c.Name), product(c)
		if p != "" && family[p] {
			join(i, byProduct, p+"\x00"+base(n))
		} else if p != "" {
			join(i, byProduct, p)
		}
		join(i, byName, kind(c)+"\x00"+n)
	}
	at := map[int]int{}
	var out [][]Component
	for i, c := range all {
		f := first(i)
		if _, ok := at[f]; !ok {
			at[f] = len(out)
			out = append(out, nil)
		}
		out[at[f]] = append(out[at[f]], c)
	}
	return out
}

// product is the vendor and product of a component's CPE; "" when it has none.
func product(c Component) string {
	cpe, err := ident.ParseCPE(c.CPE)
	if err != nil || cpe.Vendor == "*" || cpe.Product == "*" {
		return ""
	}
	return strings.ToLower(cpe.Vendor + ":" + cpe.Product)
}

// kind tells apart what has equal names in two worlds: a Python package from anything else.
func kind(c Component) string {
	if strings.HasPrefix(c.PURL, "pkg:pypi/") {
		return "pypi"
	}
	return ""
}

// normal is a name without what differs between ways to write it.
func normal(name string) string {
	return strings.NewReplacer("_", "-", ".", "-").Replace(strings.ToLower(name))
}

// base is a name without its last part: "tcl" of "tcl-core".
func base(name string) string {
	if i := strings.LastIndexByte(name, '-'); i > 0 {
		return name[:i]
	}
	return name
}

// compareVersions orders versions by their numbers; 3.49.1 and 3.49.1.0 are equal, as are v1.2 and 1.2.
func compareVersions(a, b string) int {
	x, y := fields(a), fields(b)
	for i := range max(len(x), len(y)) {
		s, t := "0", "0"
		if i < len(x) {
			s = x[i]
		}
		if i < len(y) {
			t = y[i]
		}
		c := 0
		switch m, n := number(s), number(t); {
		case m == "" && n == "":
			c = cmp.Compare(s, t)
		case m == "": // "1.0.rc1" is before "1.0.1"
			c = -1
		case n == "":
			c = 1
		default:
			c = cmp.Or(cmp.Compare(len(m), len(n)), cmp.Compare(m, n))
		}
		if c != 0 {
			return c
		}
	}
	return 0
}

// number returns a number of any size without leading zeros; "" when s is none.
func number(s string) string {
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return ""
	}
	return cmp.Or(strings.TrimLeft(s, "0"), "0")
}

// fields splits a version at dots. What is no version of numbers is one field: a commit has no order.
func fields(version string) []string {
	version = strings.TrimPrefix(version, "v")
	if len(version) == 0 || version[0] < '0' || version[0] > '9' || len(version) == 40 {
		return []string{version}
	}
	return strings.Split(version, ".")
}
