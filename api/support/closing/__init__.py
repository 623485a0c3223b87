"""A participant closes their account: days to think it over, an end, and a certificate of it."""
