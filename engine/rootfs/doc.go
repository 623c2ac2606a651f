// Package rootfs unpacks the layers of an image into a folder: the root filesystem in which a command is run.
//
// To get one, call [Store.Get]; to take one away, [Store.Clear] or [Remove].
//
// # Model
//
// A Store is a folder, <cache>/v1/rootfs, that has for each image
//
//	<hex>/root         the root filesystem, shared by all who run something in it and changed by nobody
//	<hex>/image.json   the mark: what the root is of, and that it is complete; written last
//	<hex>.lock         held by whoever makes or removes <hex>, and, shared, by who has got it, until its process ends
//	<hex>.part         <hex> while it is made
//
// where hex is the digest of the image's manifest. Whoever finds <hex> with its mark has the root; a manifest's digest pins
// every byte of it. Whoever does not takes the lock, removes what a killed process left, unpacks into <hex>.part and renames
// that. The folder <hex> is its owner's alone (0700), since an image may have files that everybody may write.
//
// Nothing waits for the disk while a root is made (no fsync): a mark says in which boot of the machine the root was last held against
// its inventory, which is the names, kinds, modes, owners, sizes and times of all that is in it. The first Get after a boot does that again,
// because a power cut may leave a mark of files without their bytes, and unpacks anew what is not as it was. Within a boot nobody looks:
// whoever deletes files in the cache by hand is found out after the next one, or deletes the rest as well (sbomctl clean --expunge).
//
// # Layers
//
// Layers are applied in the manifest's order as the OCI image specification 1.1 says (layer.md). apply_linux.go reads entries, tree.go
// is the root in memory, disk_linux.go the same on disk. Where a name leads is decided in memory, with links as chroot follows them, ".." never above
// the root. On disk each folder is opened from the one above it, and never through a link. So nothing is written outside of the root,
// whatever a layer has.
//
//   - A whiteout takes away what lower layers have under a name, an opaque folder all that they have in it; neither touches what is of the
//     layer itself, wherever in the layer it comes.
//   - A later entry takes the place of an earlier one. A folder on a folder keeps what is in it.
//   - Folders that no entry describes have mode 0755, belong to root, and are of 1970.
//   - Modes are the layer's, without setuid and setgid of files: a command in the sandbox can gain nothing by them, and the cache must hold
//     no program that makes its caller root. Folders keep theirs, and the sticky bit.
//   - Owners are the layer's when we may give files away (root, not in a user namespace); else all belong to the user, and [Root.Owners] says
//     so. The two kinds have folders of their own.
//   - Times of modification are the layer's, since make and its like look at them; times of access are the same.
//   - Devices, fifos and sockets are not made: the sandbox has its own /dev. They are counted, and take the place of what they hide.
//   - Extended attributes are left out. The one that matters to programs, security.capability, gives nothing in the sandbox.
//   - Names are bytes. A name with "..", a whiteout of "." or "..", a hard link to a folder or to what is not there, an entry below what is
//     no folder, and a root that is no folder are errors that name the layer and the entry.
//
// Each layer has the digest that the manifest says (the [oci.Source] sees to that), and unpacked the one of the config's diff_ids. Its first
// bytes have to be of the compression that its media type says.
package rootfs
