"""This looks wrong: a question about one event of the log, its answer and what became of it."""
