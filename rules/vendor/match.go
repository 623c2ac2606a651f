package vendor

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/sbomctl/sbomctl/cache"
)

// pairing finds which file of upstream a file of the tree is: the one that mapping says, and where mapping says nothing of it, the
// one whose path ends most like its own.
type pairing struct {
	mapping  []mapEntry          // sorted
	byName   map[string][]string // upstream's paths by their last segment
	upstream map[string]cache.Digest
	votes    map[string]map[string]int // folder of the tree -> folders of upstream that its files came from
}

// mapEntry says that a file or folder of upstream is one of the tree.
type mapEntry struct{ from, to string }

func mapEntries(mapping map[string]string) []mapEntry {
	var out []mapEntry
	for _, from := range slices.Sorted(maps.Keys(mapping)) {
		out = append(out, mapEntry{from, mapping[from]})
	}
	return out
}

func newPairing(mapping map[string]string, upstream []File) *pairing {
	p := &pairing{mapping: mapEntries(mapping), byName: map[string][]string{}, upstream: make(map[string]cache.Digest, len(upstream)), votes: map[string]map[string]int{}}
	for _, u := range upstream {
		p.add(u.Path, u.Digest)
	}
	return p
}

func (p *pairing) add(u string, d cache.Digest) {
	if _, ok := p.upstream[u]; !ok {
		p.byName[base(u)] = append(p.byName[base(u)], u)
	}
	p.upstream[u] = d
}

func (p *pairing) remove(u string) {
	delete(p.upstream, u)
	p.byName[base(u)] = slices.DeleteFunc(p.byName[base(u)], func(v string) bool { return v == u })
}

func (p *pairing) has(u string) bool {
	_, ok := p.upstream[u]
	return ok
}

// vote notes that a file of the tree is that of upstream: the files beside it are likely neighbours there, too.
func (p *pairing) vote(tree, upstream string) {
	folders := p.votes[path.Dir(tree)]
	if folders == nil {
		folders = map[string]int{}
		p.votes[path.Dir(tree)] = folders
	}
	folders[path.Dir(upstream)]++
}

// neighbour is what a file of the tree is called beside upstream's files that its neighbours in the tree are; "" when
// they are none, or of several folders alike.
func (p *pairing) neighbour(tree string) string {
	best, most, tied := "", 0, false
	for dir, n := range p.votes[path.Dir(tree)] {
		if n >= most {
			best, most, tied = dir, n, n == most
		}
	}
	if most == 0 || tied {
		return ""
	}
	return path.Join(best, base(tree))
}

func base(p string) string { return p[strings.LastIndexByte(p, '/')+1:] }

// under returns what of path follows prefix, which is a folder or the whole of it.
func under(path, prefix string) (rest string, ok bool) {
	if prefix == "" || prefix == "." {
		return path, true
	}
	rest, ok = strings.CutPrefix(path, strings.TrimSuffix(prefix, "/"))
	if !ok || rest != "" && rest[0] != '/' {
		return "", false
	}
	return strings.TrimPrefix(rest, "/"), true
}

func join(prefix, rest string) string {
	prefix = strings.TrimSuffix(prefix, "/")
	switch {
	case prefix == "" || prefix == ".":
		return rest
	case rest == "":
		return prefix
	}
	return prefix + "/" + rest
}

// mapped are the paths that mapping gives a path of the tree, the longest match first; of those the ones that there
// counts, if there are any.
func (p *pairing) mapped(tree string, there func(string) bool) []string {
	type candidate struct {
		path string
		n    int
	}
	var all []candidate
	for _, m := range p.mapping {
		if rest, ok := under(tree, m.to); ok {
			all = append(all, candidate{join(m.from, rest), len(strings.TrimSuffix(m.to, "/"))})
		}
	}
	slices.SortStableFunc(all, func(a, b candidate) int { return b.n - a.n })
	var out []string
	n := -1
	for _, c := range all {
		if len(out) > 0 && c.n != n {
			break
		}
		if there(c.path) {
			out, n = append(out, c.path), c.n
		}
	}
	return out
}

func anything(string) bool { return true }

// of returns the file of upstream that a file of the tree is; "" when it is none. Several candidates are an error.
func (p *pairing) of(f *File) (string, error) {
	if len(p.mapped(f.Path, anything)) > 0 {
		switch found := p.mapped(f.Path, p.has); len(found) {
		case 0:
			return "", nil
		case 1:
			return found[0], nil
		default:
			return "", fmt.Errorf("mapping says that it is %s", strings.Join(found, " and "))
		}
	}
	found := nearest(f.Path, p.byName[base(f.Path)])
	if len(found) > 1 {
		for _, u := range found {
			if p.upstream[u] == f.Digest {
				return u, nil
			}
		}
		if u := p.neighbour(f.Path); slices.Contains(found, u) {
			return u, nil
		}
		return "", fmt.Errorf("it may be %s; mapping says which", several(found))
	}
	if len(found) == 0 {
		return "", nil
	}
	return found[0], nil
}

// several is a list for a message.
func several(names []string) string {
	const most = 3
	if more := len(names) - most; more > 0 {
		return fmt.Sprintf("%s or %d others", strings.Join(names[:most], ", "), more)
	}
	return strings.Join(names, " or ")
}

// newName is what upstream would call a file of the tree that it has not: by mapping, or else beside its neighbours.
func (p *pairing) newName(tree string) string {
	if u := p.mapped(tree, anything); len(u) > 0 {
		return u[0]
	}
	return p.neighbour(tree)
}

// nearest returns those of the candidates that share most of the last segments with path, sorted.
func nearest(path string, candidates []string) []string {
	var best []string
	most := 0
	for _, c := range candidates {
		n := common(path, c)
		if n > most {
			best, most = nil, n
		}
		if n == most && n > 0 {
			best = append(best, c)
		}
	}
	slices.Sort(best)
	return best
}

// common counts the last segments in which two paths agree.
func common(a, b string) int {
	n := 0
	for {
		x, y := base(a), base(b)
		if x != y {
			return n
		}
		n++
		if len(x) == len(a) || len(y) == len(b) {
			return n
		}
		a, b = a[:len(a)-len(x)-1], b[:len(b)-len(y)-1]
	}
}

// named resolves a name in a patch: the whole of it, or without its first segment, which is a/ or b/ or the folder of
// upstream's archive. "" when neither is known.
func named(name string, known func(string) string) string {
	if k := known(name); k != "" {
		return k
	}
	if rest := after(name); rest != "" {
		return known(rest)
	}
	return ""
}

// after is a path without its first segment.
func after(name string) string {
	_, rest, _ := strings.Cut(name, "/")
	return rest
}
