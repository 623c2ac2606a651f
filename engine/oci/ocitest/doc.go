// Package ocitest makes small container images for tests, and registries that misbehave.
//
// # Model
//
// A Set is an image or an index with all below it, in memory; it is an oci.Source. Layer makes a layer of the entries of a tar
// archive, Image an image of layers, Index an index of Sets. What is made depends on nothing but the arguments, so digests are equal
// from run to run (those of compressed layers: with one version of the compressor).
//
//	base := ocitest.Layer(ocitest.Gzip, ocitest.Entry{Name: "bin/"}, ocitest.Entry{Name: "bin/sh", Body: "#!"})
//	index := ocitest.Index(ocitest.Image("linux/amd64", base), ocitest.Image("linux/arm64", base))
//	index.WriteLayout(dir)                      an OCI image layout
//	s := ocitest.Serve(t); s.Push("org/app", "1", index)     a registry
//
// To damage one: Set.Remove and Set.Replace before it is written or pushed, Server.Intercept for what a registry answers.
package ocitest
