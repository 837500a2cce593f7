"""Hide a face."""
