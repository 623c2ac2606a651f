package eval

import "golang.org/x/sys/unix"

// populate maps all pages at once, instead of with a fault for each.
const populate = unix.MAP_POPULATE
