#!/bin/sh -eu
# The workflow .github/workflows/build.yml must name the same image.
PYTHON_VERSION=3.14
AUTOCONF_IMAGE="registry.example/cpython_autoconf:1@sha256:41aa7a6da26e66ad65446fdc19af89e78b98d09455e5963cc63b3d7a40ccf25b"
echo "would run autoreconf in $AUTOCONF_IMAGE"
