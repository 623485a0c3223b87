"""Checkups as participants keep them: their items, what is typed, and the published rules."""
