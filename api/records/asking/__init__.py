"""May they see it, and why? The decision itself as an answer."""
