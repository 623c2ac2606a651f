package oci

import (
	"errors"

	"github.com/sbomctl/sbomctl/cache"
	"github.com/sbomctl/sbomctl/engine/diag"
)

// Diagnose returns what a user is told of an error of a Source, a Store or a layout: a *diag.Error, or err itself when it is of another sort.
func Diagnose(err error) error {
	var d *diag.Error
	var e *Error
	var c *cache.Error
	switch {
	case errors.As(err, &d):
		return err
	case errors.As(err, &e):
		return &diag.Error{Msg: e.Error(), Hints: e.Hints, Err: err}
	case errors.As(err, &c):
		return &diag.Error{Msg: c.Error(), Hints: []string{"--disk_cache=DIR names another folder for the cache"}, Err: err}
	}
	return err
}
