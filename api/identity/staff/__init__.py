"""How those who work in the network get a key of their own."""
