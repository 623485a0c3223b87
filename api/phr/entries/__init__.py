"""What participants write themselves: one store for every book."""
