package star

// Tree returns the source tree that the target stands for: the one tree among the fields of what it provides. nil means that
// there is none, or several.
func (t *Target) Tree() *Tree {
	var found *Tree
	for _, p := range t.providers {
		_, values := (&decoder{s: p.fields}).fields(0)
		for _, v := range values {
			tree, ok := v.(*treeValue)
			if !ok {
				continue
			}
			r, err := tree.resolved()
			if err != nil || found != nil {
				return nil
			}
			found = &r
		}
	}
	return found
}
