"""The wire: closed unions of messages."""
