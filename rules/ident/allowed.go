package ident

import "slices"

// NotAllowed returns the licences of an expression that keep it from being allowed; nil when it is. Of licences joined with AND all
// must be in allowed, of those joined with OR one; a licence WITH an exception is in the list as a whole. "A+", A or a
// later version, is allowed where A is. NOASSERTION and NONE are allowed where they are listed.
// The expression is one that License accepts.
func NotAllowed(expr string, allowed []string) []string {
	if slices.Contains(allowed, expr) {
		return nil
	}
	p := &licenseParser{expr: expr}
	p.next()
	a := &allowance{p, allowed}
	return a.any(0)
}

type allowance struct {
	*licenseParser
	allowed []string
}

// any reads all = all *("OR" all) and returns what is missing of the alternative that misses least.
func (a *allowance) any(depth int) []string {
	least := a.all(depth)
	for a.tok == "OR" {
		a.next()
		if missing := a.all(depth); len(missing) < len(least) {
			least = missing
		}
	}
	return least
}

// all reads one *("AND" one) and returns what is missing of any of them.
func (a *allowance) all(depth int) []string {
	missing := a.one(depth)
	for a.tok == "AND" {
		a.next()
		for _, id := range a.one(depth) {
			if !slices.Contains(missing, id) {
				missing = append(missing, id)
			}
		}
	}
	return missing
}

func (a *allowance) one(depth int) []string {
	if a.tok == "(" && depth < maxLicenseDepth {
		a.next()
		missing := a.any(depth + 1)
		a.next() // ")"
		return missing
	}
	id := a.tok
	a.next()
	if a.tok == "WITH" {
		a.next()
		id += " WITH " + a.tok
		a.next()
	}
	if slices.Contains(a.allowed, id) || len(id) > 1 && id[len(id)-1] == '+' && slices.Contains(a.allowed, id[:len(id)-1]) {
		return nil
	}
	return []string{id}
}
