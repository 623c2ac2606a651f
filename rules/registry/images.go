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

// Image is where one image is had from. It is an oci.Source for whoever needs its bytes wherever they are: the layouts are asked, then the
// store, then the registry; what the registry gives is kept in the store. Whoever asks what the registry has, asks Repository.
type Image struct {
	oci.Source
	Layouts    []*oci.Layout // the one that is declared, and those of Images
	Repository *Repository
	Store      *oci.Store // nil: nothing is kept
}

// Open returns where an image of a repository is had from. insecure says that plain http may be spoken; layout is a folder with the image,
// "" when none is declared. The error is a *diag.Error.
func (i *Images) Open(repository string, insecure bool, layout string) (*Image, error) {
	r, err := i.Client.repository(repository, insecure)
	if err != nil {
		return nil, err
	}
	image := &Image{Repository: r, Store: i.Store}
	if layout != "" {
		l, err := i.layout(layout)
		if err != nil {
			return nil, oci.Diagnose(err)
		}
		image.Layouts = append(image.Layouts, l)
	}
	image.Layouts = append(image.Layouts, i.Layouts...)
	var sources []oci.Source
	for _, l := range image.Layouts {
		sources = append(sources, l)
	}
	if i.Store != nil {
		image.Source = oci.First(append(sources, i.Store.Keep(r))...)
	} else {
		image.Source = oci.First(append(sources, r)...)
	}
	return image, nil
}

// layout opens a folder, once.
func (i *Images) layout(dir string) (*oci.Layout, error) {
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
