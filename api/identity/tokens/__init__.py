"""Tokens of apps and of facilities' systems."""
