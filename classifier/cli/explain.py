"""Show one transcript with its evidence marked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from classifier.cli.options import judge_options, load_judge

if TYPE_CHECKING:
    from classifier.judge import Judge
    from classifier.records import Evidence, Transcript, Verdict


@click.command()
@click.argument("transcripts", nargs=-1, required=True)
@click.option("--id", "wanted", default=None, help="Id of the transcript; default: the first.")
@click.option("--from", "format", default=None, help="Input format; default: detected file by file.")
@judge_options
def explain(transcripts: tuple[str, ...], wanted: str | None, format: str | None, **judge: Any) -> None:
    """Print one transcript with the evidence marked; for a clean one, what came nearest.

    \b
    Exit codes:
      0  shown
      1  there is no such transcript, or it could not be read
      2  the command line was wrong

    \b
    Example:
      judge explain examples/agents.jsonl --id pump-report
    """
    # Imported here: numpy and onnxruntime are not needed for --help.
    from classifier.cli.printing import print_nearest, print_table, print_transcript
    from classifier.errors import InputError
    from classifier.oddities import without_halves
    from classifier.readers import read_many
    from classifier.records import Unscored

    read = map(without_halves, read_many(transcripts, format=format))
    rows = (row for row in read if wanted in (None, row.id))
    row = next(rows, None)
    if row is None:
        raise InputError(f"there is no transcript {wanted}", where=", ".join(transcripts), then="check the id")
    if isinstance(row, Unscored):
        raise InputError("it could not be read", where=row.id, then=row.reason)
    loaded = load_judge(**judge)
    verdict = loaded.score(row)
    shown = [item for item in verdict.evidence if item.label in verdict.flags or not verdict.flags]
    print_transcript(row, shown)
    click.echo()
    print_table([verdict], quotes=True)
    if not verdict.flags:
        click.echo("\nwhat came nearest:")
        print_nearest(_nearest(loaded, row, verdict))


def _nearest(judge: Judge, transcript: Transcript, verdict: Verdict) -> dict[str, Evidence]:
    """Return the strongest segment of each label, most likely label first."""
    from classifier.records import Evidence

    scores = judge.segment_scores(transcript)
    found: dict[str, Evidence] = {}
    for label in sorted(scores[0].probabilities if scores else (), key=lambda k: -(verdict.probabilities.get(k) or 0)):
        best = max(scores, key=lambda score: score.probabilities[label])  # used within this turn
        text = transcript.messages[best.message].parts(best.field)[best.part]
        found[label] = Evidence(
            label=label,
            principle=best.principle[label],
            message=best.message,
            field=best.field,
            part=best.part,
            start=best.start,
            stop=best.stop,
            quote=text[best.start : best.stop],
            score=best.probabilities[label],
        )
    return found
