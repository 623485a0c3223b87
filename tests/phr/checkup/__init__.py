"""Checkups: items, thresholds, rules and what is typed."""
