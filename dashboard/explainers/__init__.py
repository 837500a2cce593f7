"""Explainers side by side."""
