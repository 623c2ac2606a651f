package spdx

import "strings"

// maxLinks is how many symbolic links are followed for one path, as on Linux.
const maxLinks = 40

// archived are the members of a source archive by path.
type archived struct {
	members []Member
	by      map[string]int
}

// content returns the member whose bytes who reads path gets: symbolic links, of folders on the way too, are followed inside the archive. It is
// false where there is none: a base SBOM is made of what is read, and the archive's own list has links as what they are.
func (a archived) content(path string) (*Member, bool) {
	dir, todo := "", path
	for links := 0; todo != ""; {
		var name string
		name, todo, _ = strings.Cut(todo, "/")
		switch name {
		case "", ".":
			continue
		case "..":
			if dir == "" {
				return nil, false
			}
			dir = dir[:max(0, strings.LastIndexByte(dir, '/'))]
			continue
		}
		here := strings.TrimPrefix(dir+"/"+name, "/")
		i, held := a.by[here]
		switch {
		case !held: // a folder, if anything
			dir = here
		case a.members[i].Link == "":
			return &a.members[i], strings.Trim(todo, "/") == ""
		default:
			if links++; links > maxLinks || strings.HasPrefix(a.members[i].Link, "/") {
				return nil, false
			}
			todo = a.members[i].Link + "/" + todo
		}
	}
	return nil, false
}
