package main

import (
	"errors"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/engine/event"
	"github.com/sbomctl/sbomctl/engine/oci"
	"github.com/sbomctl/sbomctl/rules/registry"
)

// images returns where container images are had from: the folders of --oci_layout, what was pulled before, registries.
func images(o options) (*registry.Images, error) {
	dir, err := cacheFolder(o)
	if err != nil {
		return nil, err
	}
	warn := func(m string) { o.Events.Emit(event.Warning{Message: m}) }
	i := &registry.Images{
		Client: &registry.Client{Offline: o.Offline, Note: warn},
		Store:  oci.NewStore(cache.ImagesDir(dir), warn),
	}
	for _, dir := range o.OCILayouts {
		l, err := oci.OpenLayout(dir)
		if err != nil {
			return nil, oci.Diagnose(err)
		}
		i.Layouts = append(i.Layouts, l)
	}
	return i, nil
}

// checkLayout says what is wrong with a folder that should be an OCI image layout, in a sentence without a subject; "" if nothing.
func checkLayout(dir string) string {
	l, err := oci.OpenLayout(dir)
	var e *oci.Error
	switch {
	case errors.As(err, &e):
		return e.Msg
	case err != nil:
		return err.Error()
	}
	l.Close()
	return ""
}
