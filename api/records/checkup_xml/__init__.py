"""Checkups in the national form: a facility's files, and one a participant brings."""
