"""Stands for dylib.py of macholib."""
