"""A participant brings in what they took out elsewhere: seen first, then all of it or nothing."""
