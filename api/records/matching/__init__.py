"""Whose a facility's patient is, and two registrations that are one person."""
