"""Witnesses: what one is and keeps, and how a log tells them of its checkpoints."""
