"""A participant's own records, as they may know of them."""
