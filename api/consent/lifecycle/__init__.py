"""Joining, terms, schemes, places lived in, papers, leaving."""
