"""Two populations."""
