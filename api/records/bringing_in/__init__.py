"""A participant brings in what they took out elsewhere: looked at first, then all of it or nothing."""
