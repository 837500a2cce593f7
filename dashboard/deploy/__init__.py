"""Ship it."""
