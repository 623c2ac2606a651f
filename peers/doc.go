// Package peers holds what sbomctl writes against judges that others wrote: the JSON schemas of SARIF 2.1.0, SPDX 2.3,
// 2.3.1 and 3.0.1, and CycloneDX 1.6 and 1.7, by an independent validator; what tools-golang and cyclonedx-go read in the SBOMs of each format against what was written; and what it says of signatures (rules/attached) against sigstore-go, on bundles that either makes.
//
// It is a module of its own, so that what only judges is no dependency of the product. The tests build the real program and run it:
//
//	cd peers && go test -count=1 ./...
//
// Where the schemas come from:
//
//	testdata/sarif-schema-2.1.0.json   docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json, as go-sarif v3.3.1 has it
//	testdata/spdx-schema-2.3.1.json    that of 2.3 below with what 2.3.1 changed in it: schemas/spdx-schema.json of spdx/spdx-spec at
//	                                   03e110136bf4fc22a8503617c615a1bf73a1a88d (Community Specification License 1.0)
//	testdata/spdx-3.0.1-classes.json   of SPDX 3.0.1, the classes that are written here, condensed: of each its properties, their types and
//	                                   words, which must be there, and nothing else. From the model as tools-golang v0.6.0-rc4 has it, which is what the
//	                                   official schema (schemas/spdx-schema-3-0-1.json of spdx/spdx-spec) is generated from, too; 235 kB of other
//	                                   classes and of inheritance written out are left out
//	CycloneDX 1.6 and 1.7              in the module cyclonedx-go v0.12.0
//	testdata/spdx-schema-2.3.json      the SPDX specification, schemas/spdx-schema.json of version 2.3, as syft v1.57.1 has it
package peers
