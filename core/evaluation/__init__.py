"""Does an explanation tell the truth? Each test of it in one file.

Importing this module imports no Keras.
"""
