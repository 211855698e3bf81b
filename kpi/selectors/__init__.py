"""Reads. Nothing here writes; every function states how many queries it costs."""
