"""Fit, evaluate and export the judge; needs the ``train`` extra."""
