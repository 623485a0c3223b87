"""Vaccines: the rules day by day, and what is written of them."""
