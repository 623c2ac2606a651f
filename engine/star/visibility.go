package star

import (
	"strings"

	"go.starlark.net/starlark"

	"github.com/sbomctl/sbomctl/engine/diag"
	"github.com/sbomctl/sbomctl/engine/label"
)

// Visibility: a target may be depended on from its own package and from where its visibility
// says. A target, and a package, that says nothing is public, as in most workspaces that write
// default_visibility = ["//visibility:public"] everywhere.
const (
	public  = "//visibility:public"
	private = "//visibility:private"
)

// normalVisibility checks a list of visibility specifications written in package pkg and returns
// their canonical form; None for public.
func normalVisibility(v starlark.Value, pkg string) (starlark.Value, error) {
	list := v.(*starlark.List)
	var out []string
	for i := range list.Len() {
		s := string(list.Index(i).(starlark.String))
		switch s {
		case public, private:
			if list.Len() > 1 {
				return nil, faultf("%q must stand alone", s)
			}
			out = append(out, s)
			continue
		}
		l, err := label.Parse(s, "", pkg)
		if err != nil {
			return nil, err
		}
		if l.Name != "__pkg__" && l.Name != "__subpackages__" {
			known := []string{public, private, "//" + l.Pkg + ":__pkg__", "//" + l.Pkg + ":__subpackages__"}
			return nil, faultf("%q is not a visibility; expected %s%s", s, quoteList(known), diag.DidYouMean(s, known))
		}
		out = append(out, l.String())
	}
	if out == nil {
		out = []string{private}
	}
	return stringList(out), nil
}

// visible reports whether a target of package own with these specifications may be used from package from.
func visible(specs []string, own, from string) bool {
	if own == from || len(specs) == 0 {
		return true
	}
	for _, s := range specs {
		if s == public {
			return true
		}
		pkg, kind, _ := strings.Cut(strings.TrimPrefix(s, "//"), ":")
		switch kind {
		case "__pkg__":
			if from == pkg {
				return true
			}
		case "__subpackages__":
			if pkg == "" || from == pkg || strings.HasPrefix(from, pkg+"/") {
				return true
			}
		}
	}
	return false
}
