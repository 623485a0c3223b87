"""One person in short: the International Patient Summary."""
