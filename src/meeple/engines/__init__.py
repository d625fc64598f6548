"""The games that come with Meeple."""
