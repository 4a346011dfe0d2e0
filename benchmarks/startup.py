"""Time what a user waits for at start-up: --help, and a first verdict from cold; best of five, in seconds."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

JUDGE = [sys.executable, "-m", "classifier.cli"]
ROW = {"messages": [{"role": "user", "content": "2+2?"}, {"role": "assistant", "content": "4"}]}


def best_of_five(arguments: list[str]) -> float:
    times = []
    for _ in range(5):
        started = time.perf_counter()
        subprocess.run([*JUDGE, *arguments], check=True, capture_output=True)
        times.append(time.perf_counter() - started)
    return min(times)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "one.jsonl"
        path.write_text(json.dumps(ROW) + "\n", encoding="utf-8")
        print(f"--help         {best_of_five(['--help']):.2f}")
        print(f"first verdict  {best_of_five(['score', str(path)]):.2f}")


if __name__ == "__main__":
    main()
