"""A facility takes out what it may see of its own patients, in files made in the background."""
