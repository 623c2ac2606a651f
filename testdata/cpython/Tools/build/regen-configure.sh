#!/bin/sh -eu
# The workflow .github/workflows/build.yml must name the same image.
PYTHON_VERSION=3.14
AUTOCONF_IMAGE="registry.example/cpython_autoconf:1@sha256:50eca83d23c0feeac06b67ec881f25bdd4316911cf31534b4507d3038d34f3bd"
echo "would run autoreconf in $AUTOCONF_IMAGE"
