"""A hospital's SS-MIX2 standardised storage, read and brought up to date file by file."""
