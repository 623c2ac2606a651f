#!/usr/bin/env bash
# CPython's own: brings in a new expat. The three values below are what the
# release manager checked; the SBOM must say the same.
set -e
expected_libexpat_tag="R_2_7_1"
expected_libexpat_version="2.7.1"
expected_libexpat_sha256="0cce2e6e69b327fc607b8ff264f4b66bdf71ead55a87ffd5f3143f535f15cfa2"
echo "would fetch expat ${expected_libexpat_version} (${expected_libexpat_tag})"
