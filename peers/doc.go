// Package peers holds what sbomctl writes against judges that others wrote: the official JSON schemas of SARIF 2.1.0 and of
// SPDX 2.3, by an independent validator; and what it says of signatures (rules/attached) against sigstore-go, on bundles that either makes.
//
// It is a module of its own, so that what only judges is no dependency of the product. The tests build the real program and run it:
//
//	cd peers && go test -count=1 ./...
//
// Where the schemas come from:
//
//	testdata/sarif-schema-2.1.0.json   docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json, as go-sarif v3.3.1 has it
//	testdata/spdx-schema-2.3.json      the SPDX specification, schemas/spdx-schema.json of version 2.3, as syft v1.57.1 has it
package peers
