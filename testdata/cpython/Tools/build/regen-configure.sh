#!/bin/sh -eu
# The workflow .github/workflows/build.yml must name the same image.
PYTHON_VERSION=3.14
AUTOCONF_IMAGE="ghcr.io/python/autoconf:2024.10.16.11360930377"
echo "would run autoreconf in $AUTOCONF_IMAGE"
