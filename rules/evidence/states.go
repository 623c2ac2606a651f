package evidence

import "github.com/sbomctl/sbomctl/engine/diag"

// States returns what a pattern finds in a file, as the check of the pattern does. It is for who proposes evidence.
func States(expr, path string, content []byte) ([]Fact, error) {
	return StatesBy(Rule{Pattern: expr}, path, content)
}

// StatesBy is States of a rule, which may have templates.
func StatesBy(r Rule, path string, content []byte) ([]Fact, error) {
	p, err := compile(r)
	if err != nil {
		return nil, err
	}
	facts, err := p.search(path, content)
	if err != nil {
		return nil, err
	}
	out := make([]Fact, len(facts))
	for i, f := range facts {
		pos := diag.At(path, content, f.at)
		out[i] = Fact{path, pos.Line, pos.Col, f.name, f.value}
	}
	return out, nil
}
