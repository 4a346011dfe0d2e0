"""The judge: from transcripts to verdicts with evidence."""
