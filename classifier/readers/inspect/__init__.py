"""Logs of Inspect AI, read without the package."""
