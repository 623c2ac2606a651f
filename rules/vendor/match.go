package vendor

import (
	"fmt"
	"slices"
	"strings"
)

// pairing finds which file of upstream a file of the tree is.
type pairing struct {
	mapping  map[string]string   // prefix of upstream's paths -> prefix of the tree's; a whole path is a prefix too
	byName   map[string][]string // upstream's paths by their last segment
	upstream map[string]bool
}

func newPairing(mapping map[string]string, upstream []string) *pairing {
	p := &pairing{mapping: mapping, byName: map[string][]string{}, upstream: make(map[string]bool, len(upstream))}
	for _, u := range upstream {
		p.add(u)
	}
	return p
}

func (p *pairing) add(u string) {
	if !p.upstream[u] {
		p.upstream[u] = true
		p.byName[base(u)] = append(p.byName[base(u)], u)
	}
}

func (p *pairing) remove(u string) {
	delete(p.upstream, u)
	p.byName[base(u)] = slices.DeleteFunc(p.byName[base(u)], func(v string) bool { return v == u })
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

// mapped is the path that mapping gives a path of the tree; the longest prefix counts.
func (p *pairing) mapped(tree string) (upstream string, ok bool) {
	best := -1
	for from, to := range p.mapping {
		if rest, under := under(tree, to); under && len(to) > best {
			best, upstream, ok = len(to), join(from, rest), true
		}
	}
	return upstream, ok
}

// of returns the file of upstream that a file of the tree is; "" when it is none. Several candidates are an error.
func (p *pairing) of(tree string) (string, error) {
	if len(p.mapping) > 0 {
		if u, ok := p.mapped(tree); ok && p.upstream[u] {
			return u, nil
		}
		return "", nil
	}
	found := nearest(tree, p.byName[base(tree)])
	if len(found) > 1 {
		return "", fmt.Errorf("it may be %s; mapping says which", strings.Join(found, " or "))
	}
	if len(found) == 0 {
		return "", nil
	}
	return found[0], nil
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
	x, y := strings.Split(a, "/"), strings.Split(b, "/")
	n := 0
	for n < len(x) && n < len(y) && x[len(x)-1-n] == y[len(y)-1-n] {
		n++
	}
	return n
}

// named resolves a name in a patch to a key of files, whose keys are upstream's paths or the tree's. alias are other
// names of the same files. "" when there is none.
func named(name string, has func(string) bool, alias map[string]string) string {
	for rest, first := name, true; rest != ""; first = false {
		if has(rest) {
			return rest
		}
		if a, ok := alias[rest]; ok {
			return a
		}
		_, after, more := strings.Cut(rest, "/")
		if !more || !first {
			break // one segment, a/ or b/ or the folder of upstream's archive, may go
		}
		rest = after
	}
	return ""
}
