"""What runs in the browser: each component a Python file with its script and style beside it."""
