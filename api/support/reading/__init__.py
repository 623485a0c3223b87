"""Reading the log: narrowed, searched, summed up by month, and taken out."""
