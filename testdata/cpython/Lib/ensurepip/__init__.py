"""Installs the pip of _bundled."""

_PIP_VERSION = "25.1.1"
