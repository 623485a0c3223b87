"""A facility's own patient number, asked for at its desk and confirmed by the participant."""
