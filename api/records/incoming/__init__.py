"""Records coming in: read, matched to one participant, stored whole or not at all."""
