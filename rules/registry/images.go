package registry

import (
	"sync"

	"github.com/sbomctl/sbomctl/engine/oci"
)

// Images is where images are had from.
type Images struct {
	Client  *Client
	Layouts []*oci.Layout // asked before any registry, in this order
	Store   *oci.Store    // what was pulled before; nil: nothing is kept

	mu       sync.Mutex
	declared map[string]*oci.Layout // by folder
}

// Open returns where an image of a repository is had by whoever needs its bytes wherever they are: the layouts are asked, then the store, then the
// registry; what the registry gives is kept in the store. Whoever asks what the registry has, asks Client.Repository. insecure says that plain http may
// be spoken; layout is a folder with the image, "" when none is declared. The error is a *diag.Error.
func (i *Images) Open(repository string, insecure bool, layout string) (oci.Source, error) {
	r, err := i.Client.Repository(repository, insecure)
	if err != nil {
		return nil, err
	}
	var sources []oci.Source
	if layout != "" {
		l, err := i.Layout(layout)
		if err != nil {
			return nil, oci.Diagnose(err)
		}
		sources = append(sources, l)
	}
	for _, l := range i.Layouts {
		sources = append(sources, l)
	}
	remote := oci.Source(r)
	if i.Store != nil {
		remote = i.Store.Keep(r)
	}
	return oci.First(append(sources, remote)...), nil
}

// Layout opens a folder, once. The error is one of oci.OpenLayout.
func (i *Images) Layout(dir string) (*oci.Layout, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if l := i.declared[dir]; l != nil {
		return l, nil
	}
	l, err := oci.OpenLayout(dir)
	if err != nil {
		return nil, err
	}
	if i.declared == nil {
		i.declared = map[string]*oci.Layout{}
	}
	i.declared[dir] = l
	return l, nil
}
