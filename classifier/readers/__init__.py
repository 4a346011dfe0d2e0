"""Readers: one module for each family of transcript formats."""

from classifier.readers.detection import detect
from classifier.readers.files import find_files, read_many, read_transcripts
from classifier.readers.reader import Detection
from classifier.readers.registry import FORMATS

__all__ = ["FORMATS", "Detection", "detect", "find_files", "read_many", "read_transcripts"]
