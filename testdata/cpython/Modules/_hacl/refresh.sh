#!/usr/bin/env bash
# CPython's own: copies the files out of a checkout of hacl-star.
set -e
expected_hacl_star_rev=bb3d0dc8d9d15a5cd51094d5b69e70aa09005ff0
echo "would copy from revision $expected_hacl_star_rev"
