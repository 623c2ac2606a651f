"""Stands for macholib: reading Mach-O headers."""

__version__ = '1.0'
