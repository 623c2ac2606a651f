package convert

import (
	"slices"
	"strings"
)

// cdxLinks is what the relationships are in CycloneDX. What a package contains lies in it, as far as these are files; what
// it depends on is in the graph of dependencies. NONE and NOASSERTION say how complete these lists are. All other relationships
// are properties of their first element.
type cdxLinks struct {
	inside       map[string][]string // package -> its files; a file lies in the first package that contains it
	dependencies []cdxDependency
	compositions []cdxComposition
	properties   map[string]cdxProperties // of an element; those of others than packages and files are the document's
}

func (c *cdxWriter) link() {
	l := &c.links
	l.inside, l.properties = map[string][]string{}, map[string]cdxProperties{}
	depends := map[string][]string{}
	held := map[string]bool{}       // files that lie in a package
	open := map[[2]string][2]bool{} // element and type -> whether NONE, NOASSERTION is said
	listed := map[[2]string]bool{}  // element and type -> something is listed
	described := c.doc.described()
	if len(described) == 1 && c.packages[described[0]] {
		c.root = described[0]
	}
	for _, r := range c.doc.Relationships {
		key := [2]string{r.From, r.Type}
		component := c.packages[r.From] || c.files[r.From]
		special := r.To == none || r.To == noAssertion
		switch {
		case r.Type == describes && r.From == documentID && r.To == c.root && r.Comment == "":
			continue
		case r.Type == describes && r.From == documentID && r.Comment == "":
			c.property(documentID, "spdx:document:describes", r.To)
			continue
		case component && special && r.Comment == "" && (r.Type == contains && c.packages[r.From] || r.Type == dependsOn):
			said := open[key]
			said[0] = said[0] || r.To == none
			said[1] = said[1] || r.To == noAssertion
			open[key] = said
			continue
		case r.Type == contains && c.packages[r.From] && c.files[r.To] && !held[r.To] && r.Comment == "":
			held[r.To] = true
			l.inside[r.From] = append(l.inside[r.From], r.To)
			listed[key] = true
			continue
		case r.Type == dependsOn && component && (c.packages[r.To] || c.files[r.To]):
			depends[r.From] = append(depends[r.From], r.To)
			listed[key] = true
			if r.Comment == "" {
				continue
			}
		}
		what := r.Type + " " + r.To
		if r.Comment != "" {
			what += " " + r.Comment
		}
		if component {
			c.property(r.From, "spdx:relationship", what)
		} else {
			c.property(documentID, "spdx:document:relationship", r.From+" "+what)
		}
	}
	for from, to := range depends {
		set(&to)
		l.dependencies = append(l.dependencies, cdxDependency{Ref: from, DependsOn: to})
	}
	c.completeness(open, listed)
	slices.SortFunc(l.dependencies, func(a, b cdxDependency) int { return strings.Compare(a.Ref, b.Ref) })
	if l.dependencies == nil {
		l.dependencies = []cdxDependency{}
	}
}

func (c *cdxWriter) property(of, name, value string) {
	p := c.links.properties[of]
	p.add(name, value)
	c.links.properties[of] = p
}

// completeness says of which components the lists are complete, incomplete or unknown.
func (c *cdxWriter) completeness(open map[[2]string][2]bool, listed map[[2]string]bool) {
	by := map[string]*cdxComposition{"complete": {}, "incomplete": {}, "unknown": {}}
	add := func(aggregate string, key [2]string) {
		list := &by[aggregate].Assemblies
		if key[1] == dependsOn {
			list = &by[aggregate].Dependencies
		}
		*list = append(*list, key[0])
	}
	for key, said := range open {
		nothing, unknown := said[0], said[1]
		switch {
		case nothing && (unknown || listed[key]): // a contradiction, kept as it is
			c.property(key[0], "spdx:relationship", key[1]+" "+none)
			if unknown {
				c.property(key[0], "spdx:relationship", key[1]+" "+noAssertion)
			}
		case nothing:
			add("complete", key)
			if key[1] == dependsOn { // an entry without dependencies says that there are none
				c.links.dependencies = append(c.links.dependencies, cdxDependency{Ref: key[0]})
			}
		case listed[key]:
			add("incomplete", key)
		default:
			add("unknown", key)
		}
	}
	for _, aggregate := range []string{"complete", "incomplete", "unknown"} {
		k := by[aggregate]
		if len(k.Assemblies)+len(k.Dependencies) == 0 {
			continue
		}
		k.Aggregate = aggregate
		slices.Sort(k.Assemblies)
		slices.Sort(k.Dependencies)
		c.links.compositions = append(c.links.compositions, *k)
	}
}

// described are the elements that the document describes.
func (d *document) described() (out []string) {
	for _, r := range d.Relationships {
		if r.From == documentID && r.Type == describes {
			out = append(out, r.To)
		}
	}
	set(&out)
	return out
}
