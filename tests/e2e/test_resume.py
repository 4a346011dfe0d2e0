"""A killed run continues to the same bytes, or says why it cannot."""

from __future__ import annotations

import errno
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

import classifier.run
from classifier.cli.main import main
from classifier.records import Verdict


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classifier.run, "PART_ROWS", 2)


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    path = tmp_path / "runs.jsonl"
    lines = [{"id": str(n), "messages": [{"role": "assistant", "content": f"Report {n} is done."}]} for n in range(7)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def killed_after(parts: int, runs: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = classifier.run.Parts.write

    def until(self: classifier.run.Parts, number: int, verdicts: list[Verdict]) -> None:
        if number == parts:
            raise KeyboardInterrupt
        write(self, number, verdicts)

    with monkeypatch.context() as patch:
        patch.setattr(classifier.run.Parts, "write", until)
        CliRunner().invoke(main, ["score", str(runs), "-o", str(out)])
    assert not out.exists()


@pytest.mark.parametrize("parts", range(4))
@pytest.mark.parametrize("kind", ["jsonl", "csv", "parquet"])
def test_resumed_run_gives_the_same_bytes(
    kind: str, parts: int, runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, broken = tmp_path / f"whole.{kind}", tmp_path / f"broken.{kind}"
    CliRunner().invoke(main, ["score", str(runs), "-o", str(whole)])
    killed_after(parts, runs, broken, monkeypatch)
    result = CliRunner().invoke(main, ["score", str(runs), "-o", str(broken), "--resume"])
    assert result.exit_code == 0, result.stderr
    assert broken.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize("kind", ["jsonl", "csv", "parquet"])
def test_resumed_run_counts_the_parts_before_it(
    kind: str, runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs.write_text('{"messages": []}\n' + runs.read_text(), encoding="utf-8")
    killed_after(2, runs, tmp_path / f"v.{kind}", monkeypatch)
    result = CliRunner().invoke(main, ["score", str(runs), "-o", str(tmp_path / f"v.{kind}"), "--resume"])
    assert (result.exit_code, "8 transcripts: " in result.stderr, "1 unscored" in result.stderr) == (4, True, True)


def test_output_within_the_folder_that_is_read_is_no_input(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "v[1].jsonl"
    killed_after(1, tmp_path, out, monkeypatch)
    arguments = ["score", str(tmp_path), "-o", str(out)]
    for option in ("--resume", "--overwrite"):
        result = CliRunner().invoke(main, [*arguments, option])
        assert (result.exit_code, "7 transcripts: " in result.stderr) == (0, True), result.stderr


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_brackets_in_names_are_no_pattern(kind: str, runs: Path, tmp_path: Path) -> None:
    first = tmp_path / f"a[1].{kind}"
    frame = pl.read_ndjson(runs)
    frame.write_parquet(first) if kind == "parquet" else frame.write_ndjson(first)
    out = tmp_path / f"v[2].{kind}"
    result = CliRunner().invoke(main, ["score", str(first), "-o", str(out)])
    assert (result.exit_code, out.exists()) == (0, True), result.output


def test_run_that_wrote_nothing_leaves_nothing_to_resume(tmp_path: Path, runs: Path) -> None:
    (tmp_path / "x.jsonl").write_text('{"a": 1}\n', encoding="utf-8")
    arguments = ["-o", str(tmp_path / "v.jsonl")]
    assert CliRunner().invoke(main, ["score", str(tmp_path / "x.jsonl"), *arguments]).exit_code == 1
    assert CliRunner().invoke(main, ["score", str(runs), *arguments]).exit_code == 0


def test_full_disk_is_a_sentence(runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    result = CliRunner().invoke(main, ["score", str(runs), "-o", str(tmp_path / "v.jsonl")])
    assert (result.exit_code, "it cannot be written (No space left on device)" in result.stderr) == (1, True)


SMALL = "import classifier.run; classifier.run.PART_ROWS = 2; from classifier.cli.main import main; main()"


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_killed_process_leaves_whole_parts_and_resumes(tmp_path: Path) -> None:
    runs, whole, broken = tmp_path / "runs.jsonl", tmp_path / "whole.jsonl", tmp_path / "broken.jsonl"
    lines = [{"messages": [{"role": "assistant", "content": f"Report {n} is done. " * 60}]} for n in range(60)]
    runs.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    command = [sys.executable, "-c", SMALL, "score", str(runs), "--quiet", "-o"]
    subprocess.run([*command, str(whole)], check=True)
    process = subprocess.Popen([*command, str(broken)])
    first = tmp_path / "broken.jsonl.parts" / "000000.jsonl"
    while not first.exists() and process.poll() is None:
        time.sleep(0.01)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert not broken.exists()
    subprocess.run([*command, str(broken), "--resume"], check=True)
    assert broken.read_bytes() == whole.read_bytes()


def test_changed_input_is_refused(runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "v.jsonl"
    killed_after(1, runs, out, monkeypatch)
    runs.write_text(runs.read_text().replace("done", "open"), encoding="utf-8")
    result = CliRunner().invoke(main, ["score", str(runs), "-o", str(out), "--resume"])
    assert (result.exit_code, "inputs changed since the run began" in result.stderr) == (1, True)


def test_standard_input_is_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["score", "-", "-o", str(tmp_path / "v.jsonl"), "--resume"], input="")
    assert (result.exit_code, "standard input cannot be read again" in result.stderr) == (1, True)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        pytest.param([], "it is there already", id="output-there"),
        pytest.param(["--resume"], "it is there already", id="nothing-to-resume"),
        pytest.param(["--resume", "--overwrite"], "exclude each other", id="both"),
    ],
)
def test_earlier_output_is_not_lost(options: list[str], sentence: str, runs: Path, tmp_path: Path) -> None:
    out = tmp_path / "v.jsonl"
    out.write_text("precious", encoding="utf-8")
    result = CliRunner().invoke(main, ["score", str(runs), "-o", str(out), *options])
    assert (result.exit_code, sentence in result.stderr, out.read_text()) == (2, True, "precious")
