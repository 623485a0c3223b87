"""Puts what was logged into the tree, checks what it put there, and only then signs."""
