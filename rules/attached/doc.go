// Package attached is what is attached to a container image in its registry, and who signed it.
//
// # Model
//
// An image is an index or a manifest, named by its digest. Others attach things to it, or to a manifest below it, in three ways: a manifest whose
// subject it is (the referrers of OCI 1.1), a manifest under a tag made of the digest (cosign: sha256-HEX.sig, .att, .sbom), and a manifest in the
// index itself, for no platform (BuildKit). Look lists these, and each that holds a signature is read.
//
// A signature is bytes that were signed, and what these say: a cosign payload names a digest, an in-toto statement has subjects. It is a
// signature of the image only when it says so itself. Where it is attached means nothing: whoever may write to the registry can attach anything.
// What is not signed is listed and never believed.
//
// A declared signer (pin.Signer) is held against every signature attached to the image:
//
//   - by key: the signature verifies with that key, and no other is tried;
//   - by identity: the signing certificate names the identity and the issuer, to the letter, is for code signing, leads to a declared root, and its key
//     verifies the signature. The certificate must have been valid when the signature was made. The time is that of the declared log (log_key), which
//     signed an entry with this signature, this certificate and these bytes, or of the declared timestamp authority (tsa), which signed that it saw
//     the signature; when neither is declared it is now, since a signature that exists was made.
//
// The outcome is verified, a finding, or inconclusive, when something could not be fetched or was more than is read: then the signature may
// be among what was not seen. That others signed too, or attached rubbish, is no finding: anybody could do that.
//
// What is not proven, whatever is declared: that the certificate is in a certificate transparency log, and that the log kept its promise (its signed
// entry timestamp is verified, no inclusion proof is). Entries of Rekor v2, which promise no time, and signatures of the Notary Project are not read.
//
// Everything here but the declaration was written by strangers. Counts, sizes and depths are bounded.
package attached
