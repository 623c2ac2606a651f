// Package registry is container registries: images by digest, tags, and what is attached to images, over the network.
//
// # Model
//
// A Client has one pool of connections, and one host for each registry that it was asked about. A Repository of a host is an oci.Source:
//
//	Client ──► host: scheme, credentials, tokens, places for requests     once for a registry
//	   │
//	   └──► Repository: Manifest, Blob (oci.Source)     by digest; what comes was hashed
//	                    Resolve                         what a tag means now: its digest is that of the bytes that came
//	                    Referrers                       what is attached to a digest; a list that nobody vouches for
//	                    Exists                          whether a blob is there, without its bytes
//
// # What is believed
//
// Nothing but bytes that were hashed. A HEAD, a header and a status say little: registries, mirrors and whatever answers in their place
// are wrong about them. So manifests are fetched by GET and hashed, also by tag; an error that the registry did not put into its own words
// (a 404 with a web page) is an oci.ServerError and not oci.Missing; and what is no answer of a registry at all (a login page of a
// network) is never taken for other bytes.
//
// # Requests
//
// A request is answered, redirected, or refused for want of credentials, and then made again with them. Credentials and tokens
// go to the registry's own scheme, host and port and to the token endpoint that it names, and to nobody that it redirects to. They, and URLs
// with their queries, are in no message. Plain http is spoken with the loopback interface, and with registries that are declared insecure,
// after they answered https with it.
//
// A request that fails in passing (429, 500, 502, 503, 504, a connection that was reset) is made again a few times, after what
// Retry-After asks for. When that is longer than anybody would sit and wait, the error says how long.
//
// The libraries' own client is not used, because each of these is a trap in it: it believes a HEAD, hides Retry-After, tells an untrusted
// certificate as a status 400, speaks http with private networks unasked, and forgets the tag of "name:tag@digest". Names, media types and
// the user's Docker configuration are read with go-containerregistry.
package registry
