"""Vaccines: doses given, and which is next by the rules of the routine immunisation."""
