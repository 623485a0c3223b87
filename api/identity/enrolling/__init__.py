"""Who somebody is: cards, papers and the ways of joining."""
