"""Records past the time their kind is kept."""
