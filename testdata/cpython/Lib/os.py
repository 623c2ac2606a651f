"""Routines for the operating system at hand."""
import sys

name = "nt" if sys.platform == "win32" else "posix"
