"""Stands for dyld.py of macholib."""
