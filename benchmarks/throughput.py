"""Measure reading and judging: word pieces judged a second, and the peak of memory, on generated or given JSONL.

python benchmarks/throughput.py --megabytes 50
python benchmarks/throughput.py runs.jsonl
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

import numpy as np

from classifier import Judge, read_many

WORDS = ["the", "rota", "report", "crew", "was", "not", "sent", "before", "Monday", "so", "I", "asked", "Rosa"]


def generate(path: Path, megabytes: int) -> None:
    """Write transcripts of random sentences, a tenth of them repeated, until the file is large enough."""
    rng = np.random.default_rng(0)
    with path.open("w", encoding="utf-8") as file:
        while file.tell() < megabytes << 20:
            turns = [" ".join(rng.choice(WORDS, 40)) + "." for _ in range(6)]
            messages = [{"role": ("user", "assistant")[i % 2], "content": text} for i, text in enumerate(turns)]
            line = json.dumps({"messages": messages}) + "\n"
            file.write(line * (1 + (rng.random() < 0.1)))


def measure(path: Path) -> None:
    judge = Judge.load()
    started = time.perf_counter()
    n_tokens = n_rows = 0
    for verdict in judge(read_many([path])):
        n_tokens += verdict.judged_tokens
        n_rows += 1
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{n_rows} transcripts, {n_tokens} judged tokens in {seconds:.1f} s: {n_tokens / seconds:.0f} a second")
    print(f"peak {peak:.0f} MiB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path, nargs="?")
    parser.add_argument("--megabytes", type=int, default=5)
    arguments = parser.parse_args()
    if arguments.path is not None:
        measure(arguments.path)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "generated.jsonl"
        generate(path, arguments.megabytes)
        measure(path)


if __name__ == "__main__":
    main()
