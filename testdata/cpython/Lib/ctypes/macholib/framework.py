"""Stands for framework.py of macholib."""
