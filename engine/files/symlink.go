package files

import (
	"strings"
)

// maxLinks is how many links are followed for one path, as on Linux.
const maxLinks = 40

// resolve follows the link at path to what it leads to inside the tree. A link that leads nowhere
// or out of the tree is recorded as an error of the selection, and its kind is Absent. So is that of a
// link to what sbomctl writes, which is no error.
func (e *expansion) resolve(path string) (target string, kind Kind, err error) {
	dir, todo := "", path
	for links := 0; todo != ""; {
		name, rest, _ := strings.Cut(todo, "/")
		todo = rest
		switch name {
		case "", ".":
			continue
		case "..":
			if dir == "" {
				e.fail(path, "is a symbolic link that leads out of the tree; exclude it, or make it lead to a file inside")
				return "", Absent, nil
			}
			dir = dir[:max(0, strings.LastIndexByte(dir, '/'))]
			continue
		}
		here := join(dir, name)
		kind, link, err := e.tree.Lookup(here)
		if err != nil {
			return "", Absent, err
		}
		if written, err := e.tree.Written(here, kind == Directory || kind == Absent); err != nil || written {
			return "", Absent, err
		}
		switch kind {
		case Directory:
			dir = here
			continue
		case Symlink:
			if links++; links > maxLinks {
				e.fail(path, "is a symbolic link that goes round in circles; exclude it, or make it lead to a file")
				return "", Absent, nil
			}
			link = strings.ReplaceAll(link, nativeSeparator, "/")
			if strings.HasPrefix(link, "/") || hasDrive(link) {
				e.fail(path, "is a symbolic link to an absolute path ("+Printable(link)+"), which another checkout need not have; exclude it, or make it relative")
				return "", Absent, nil
			}
			if todo = link + "/" + todo; strings.Trim(todo, "/") == "" {
				return "", Absent, nil // an empty target, which no system creates
			}
			continue
		case Regular, Other:
			if strings.Trim(todo, "/") == "" {
				return here, kind, nil
			}
		case Unusable:
			e.fail(path, "is a symbolic link to "+Printable(here)+", which "+link)
			return "", Absent, nil
		}
		e.fail(path, "is a symbolic link to "+Printable(here)+", which does not exist; exclude it, or make it lead to a file")
		return "", Absent, nil
	}
	return dir, Directory, nil
}
