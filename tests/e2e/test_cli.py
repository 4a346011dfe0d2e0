"""The commands as a user runs them."""

from __future__ import annotations

import io
import json
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from classifier.cli.main import main
from classifier.records import LABELS
from tests.conftest import ROOT

EXAMPLES = str(ROOT / "examples")
CLEAN = {"id": "c", "messages": [{"role": "user", "content": "2+2?"}, {"role": "assistant", "content": "4"}]}


def rows(path: Path, *values: object) -> str:
    path.write_text("".join(json.dumps(value) + "\n" for value in values), encoding="utf-8")
    return str(path)


def test_stdout_holds_verdicts_and_nothing_else() -> None:
    result = CliRunner().invoke(main, ["score", EXAMPLES])
    verdicts = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(verdicts) > 5
    assert all(set(LABELS) <= set(verdict) for verdict in verdicts)
    assert f"{len(verdicts)} transcripts" in result.stderr


def test_table_quotes_flagged_passages() -> None:
    result = CliRunner().invoke(main, ["score", EXAMPLES, "--table"])
    assert "flagged" in result.stdout
    assert "“" in result.stdout


@pytest.mark.parametrize("command", [["score", "--table", "--fpr", "1"], ["explain"]], ids=["table", "explain"])
def test_transcript_does_not_steer_the_terminal(command: list[str], tmp_path: Path) -> None:
    message = {"role": "assistant", "content": "Pay me,\x1b[2J or I tell.\x9b2J", "name": "a\x07"}
    path = rows(tmp_path / "a.jsonl", {"id": "a\x1b]0;x", "messages": [message]})
    result = CliRunner().invoke(main, [*command, path], color=True)
    assert "Pay me" in result.stdout
    assert "[2J" in result.stdout
    assert not set("\x07\x9b") & set(result.stdout)
    assert "\x1b[2J" not in result.stdout
    assert "\x1b]" not in result.stdout


def test_no_quotes_leaves_no_transcript_text() -> None:
    result = CliRunner().invoke(main, ["score", EXAMPLES, "--no-quotes"])
    quotes = [item["quote"] for line in result.stdout.splitlines() for item in json.loads(line)["evidence"]]
    assert quotes
    assert set(quotes) == {None}


@pytest.mark.parametrize(
    ("arguments", "code", "stderr"),
    [
        pytest.param(["score", "--no-such-option"], 2, "No such option", id="usage"),
        pytest.param(
            ["score", "FILE", "--model", "/nowhere"], 1, "error: /nowhere: manifest.json is missing", id="no-bundle"
        ),
        pytest.param(["score", "/nowhere.jsonl"], 1, "error: /nowhere.jsonl: no such file", id="no-file"),
        pytest.param(["score", "FILE", "--fpr", "7"], 2, "error: --fpr: 7.0 lies outside", id="fpr"),
        pytest.param(
            ["score", "FILE", "--operating-point", "x"], 2, "error: --operating-point: unknown name", id="point"
        ),
        pytest.param(["score", "FILE", "--from", "x"], 2, "error: --from: unknown format", id="from"),
        pytest.param(["score", "FILE", "-o", "x.doc"], 2, "error: x.doc: no output format", id="output-kind"),
        pytest.param(["score", "FILE", "-o", "/"], 2, "error: /: it is a folder", id="output-folder"),
        pytest.param(["score", "FILE", "--to", "csv"], 2, "--to needs -o", id="to-without-output"),
        pytest.param(["score", "FILE", "--table", "-o", "x.csv"], 2, "--table goes to standard output", id="table"),
        pytest.param(["score", "FILE"], 0, "1 transcripts:", id="scored"),
        pytest.param(["score", "BAD"], 4, "1 unscored", id="unscored"),
        pytest.param(["score", "FILE", "--fpr", "1", "--fail-on-flag"], 3, "1 flagged", id="flagged"),
        pytest.param(["score", "BAD", "--fpr", "1", "--fail-on-flag"], 4, "1 flagged", id="unscored-wins"),
        pytest.param(["explain", "FILE", "--id", "x"], 1, "there is no transcript x", id="explain-no-id"),
        pytest.param(["constitution", "validate", "/nowhere"], 1, "error: /nowhere: cannot be read", id="constitution"),
        pytest.param(["info", "--detect", "/nowhere"], 1, "error: /nowhere: cannot be opened", id="detect"),
    ],
)
def test_exit_code(arguments: list[str], code: int, stderr: str, tmp_path: Path) -> None:
    files = {
        "FILE": rows(tmp_path / "clean.jsonl", CLEAN),
        "BAD": rows(tmp_path / "bad.jsonl", CLEAN, {"messages": []}),
    }
    result = CliRunner().invoke(main, [files.get(argument, argument) for argument in arguments])
    assert (result.exit_code, stderr in result.stderr) == (code, True), result.stderr


def test_standard_input_is_read(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["score", "-"], input=json.dumps(CLEAN) + "\n")
    assert json.loads(result.stdout)["id"] == "c"


@pytest.mark.parametrize("kind", ["jsonl", "csv", "parquet"])
def test_output_holds_every_row(kind: str, tmp_path: Path) -> None:
    out = tmp_path / f"verdicts.{kind}"
    CliRunner().invoke(main, ["score", EXAMPLES, "-o", str(out)])
    n_rows = len(CliRunner().invoke(main, ["score", EXAMPLES]).stdout.splitlines())
    content = io.BytesIO(out.read_bytes())
    if kind == "parquet":
        found = pl.read_parquet(content)
    else:
        found = pl.read_ndjson(content) if kind == "jsonl" else pl.read_csv(content)
    assert found.height == n_rows
    assert not (tmp_path / f"verdicts.{kind}.parts").exists()


def test_explain_shows_what_came_nearest(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["explain", rows(tmp_path / "clean.jsonl", CLEAN)])
    assert result.exit_code == 0
    assert "what came nearest:" in result.stdout or "»" in result.stdout


def test_example_in_the_help_of_explain_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    shown = CliRunner().invoke(main, ["explain", "--help"]).stdout
    example = next(line for line in shown.splitlines() if "judge explain " in line)
    assert CliRunner().invoke(main, example.split()[1:]).exit_code == 0


def test_info_verify_and_constitution_answer() -> None:
    runner = CliRunner()
    assert json.loads(runner.invoke(main, ["info"]).stdout)["principles"] == 26
    assert "golden scores within" in runner.invoke(main, ["verify"]).stdout
    assert "26 principles" in runner.invoke(main, ["constitution", "show"]).stdout
    assert runner.invoke(main, ["--version"]).stdout.startswith("judge, version")
