"""Principles as data."""
