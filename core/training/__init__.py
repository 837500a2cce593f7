"""The digits lab: data, a small network, a training that can be watched and stopped, and what may go wrong in it.

Importing this module imports no Keras.
"""
