"""Glassbox's core: networks, methods and faces in plain NumPy and Keras; it knows nothing of the screen."""
