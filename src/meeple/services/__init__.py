"""The use cases, with no transport and no SQL in them."""
