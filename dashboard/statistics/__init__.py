"""Filter statistics."""
