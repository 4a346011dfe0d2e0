"""Readers: one module for each family of transcript formats."""

from classifier.readers.files import FORMATS, Detection, detect, find_files, read_many, read_transcripts

__all__ = ["FORMATS", "Detection", "detect", "find_files", "read_many", "read_transcripts"]
