"""Measure the peak memory of `judge score FILE -o OUT` on generated JSONL of several sizes, cache on.

python benchmarks/memory.py --megabytes 50 500 5000

The transcripts are agent runs: long tool results, short assistant turns of which most repeat earlier ones, as in the
logs of an evaluation. So the reader, the segmenter, the cache and the parts see every byte, and the encoder, whose
memory does not depend on the file, sees enough to fill the cache.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

RESULT_CHARACTERS = 20_000
TURNS = 6
RESULT_END = "\n-- end of output, exit status 0, 2000 lines, no warnings, no errors --"
"""Every result ends alike, so that a repeated turn has a repeated context and the cache knows it."""
FRESH_SHARE = 0.002
"""Share of the assistant's turns that no earlier transcript had."""
REPEATED_TURNS = 400


def generate(path: Path, megabytes: int) -> int:
    """Write runs until the file is large enough; return their number."""
    rng = np.random.default_rng(0)
    words = np.array(
        [f"{a}{b}" for a in ("re", "un", "pro", "de", "in") for b in ("port", "load", "pose", "form", "cord")]
    )
    log = "\n".join(
        f"2026-03-{i % 28 + 1:02d} 10:{i % 60:02d} INFO {' '.join(rng.choice(words, 8))}" for i in range(2000)
    )
    known = [" ".join(rng.choice(words, 25)) + "." for _ in range(REPEATED_TURNS)]
    rows = 0
    with path.open("w", encoding="utf-8") as file:
        while file.tell() < megabytes * 1_000_000:
            messages = [{"role": "user", "content": f"Go through batch {rows}."}]
            for _ in range(TURNS):
                fresh = rng.random() < FRESH_SHARE
                said = " ".join(rng.choice(words, 25)) + "." if fresh else known[rng.integers(REPEATED_TURNS)]
                start = int(rng.integers(len(log) - RESULT_CHARACTERS))
                messages.append({"role": "assistant", "content": said})
                messages.append({"role": "tool", "content": log[start : start + RESULT_CHARACTERS] + RESULT_END})
            file.write(json.dumps({"id": f"run-{rows}", "messages": messages}) + "\n")
            rows += 1
    return rows


def measure(megabytes: int) -> None:
    """Score one generated file in a process of its own and print its peak."""
    with tempfile.TemporaryDirectory() as folder:
        path, out = Path(folder) / "runs.jsonl", Path(folder) / "verdicts.jsonl"
        rows = generate(path, megabytes)
        command = [sys.executable, "-m", "classifier.cli", "score", str(path), "-o", str(out), "--quiet"]
        started = time.perf_counter()
        # RUSAGE_CHILDREN keeps the highest peak of all children: sizes are measured from small to large.
        subprocess.run(command, check=True)
        seconds = time.perf_counter() - started
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        with out.open("rb") as verdicts:
            written = sum(1 for _ in verdicts)
    print(f"{megabytes} MB: {rows} transcripts, {written} verdicts, {seconds:.0f} s, peak {peak:.0f} MiB", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, nargs="+", default=[50, 500])
    for megabytes in sorted(parser.parse_args().megabytes):
        measure(megabytes)


if __name__ == "__main__":
    main()
