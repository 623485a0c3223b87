"""All of one person for somebody else, for exports and summaries."""
