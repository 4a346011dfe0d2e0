"""The commands that training brings to `judge`: train, evaluate, corpus."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from training import require_train_extra


@click.command()
@click.option("--config", type=click.Path(path_type=Path), default=Path("training/default.toml"), show_default=True)
@click.option("--base", type=click.Path(path_type=Path), required=True, help="Folder of the base encoder.")
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True, help="Folder of the new bundle.")
@click.option("--public", type=click.Path(path_type=Path), default=None, help="Folder of public runs to add.")
@click.option("--threads", type=click.IntRange(1), default=None, help="Threads for torch.")
def train(config: Path, base: Path, out: Path, public: Path | None, threads: int | None) -> None:
    """Fit a bundle on the corpus: split by family, fit, calibrate, evaluate, export, check parity.

    \b
    Exit codes:
      0  the bundle was written
      1  the corpus, the settings or the base could not be used
      2  the command line was wrong

    \b
    Example:
      judge train --base all-MiniLM-L6-v2 -o models/mine
    """
    require_train_extra()
    # Imported here: torch takes seconds to load.
    import torch

    from training.config import read_settings
    from training.run import train as run

    if threads is not None:
        torch.set_num_threads(threads)
    layout = run(read_settings(config), base=base, out=out, public=public)
    click.echo(f"wrote {layout.folder}", err=True)


@click.command()
@click.argument("labelled", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--model", default="default", show_default=True, help="Shipped bundle by name, or a folder.")
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Also write the table here as JSON.")
@click.option("--no-evidence", is_flag=True, help="Accept labels without evidence, as in public data.")
@click.option(
    "--baselines", type=click.Path(path_type=Path), help="Fit the baselines on this corpus, beside the judge."
)
@click.option("--base", type=click.Path(path_type=Path), help="Folder of the base encoder; the baselines need it.")
@click.option("--seed", type=int, default=1, show_default=True, help="Seed of the bootstrap.")
def evaluate(
    labelled: tuple[Path, ...],
    model: str,
    json_path: Path | None,
    no_evidence: bool,
    baselines: Path | None,
    base: Path | None,
    seed: int,
) -> None:
    """Measure a bundle on labelled transcripts and print the quality table, beside baselines where asked.

    \b
    Exit codes:
      0  measured
      1  the data or the bundle could not be read
      2  the command line was wrong

    \b
    Example:
      judge evaluate runs.jsonl --no-evidence --baselines training/corpus --base all-MiniLM-L6-v2
    """
    require_train_extra()
    # Imported here: numpy and onnxruntime are not needed for --help.
    import json

    from classifier.encoder import open_tokenizer
    from classifier.judge import Judge
    from classifier.segmentation import Segmenter
    from training.corpus_reader import read_corpus
    from training.evaluate import judge_scores, quality_table

    if (baselines is None) != (base is None):
        raise click.UsageError("--baselines and --base need each other")
    records = list(read_corpus(labelled, require_evidence=not no_evidence))
    judge = Judge.load(model)
    judges = [(model, judge_scores(judge, records))]
    if baselines is not None and base is not None:
        from training.baselines import baseline_scores

        segmenter = Segmenter(open_tokenizer(judge.layout.tokenizer))
        judges += baseline_scores(list(read_corpus([baselines])), records, segmenter, base)
    table = quality_table(judges, seed=seed)
    click.echo(table.as_markdown())
    if json_path is not None:
        json_path.write_text(json.dumps(table.as_rows(), indent=1) + "\n", encoding="utf-8")


@click.group()
def corpus() -> None:
    """Look after the corpus of labelled transcripts."""


@corpus.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
def audit(paths: tuple[Path, ...]) -> None:
    """Validate the corpus; print its composition, its shortcut figures, and what must be mended.

    \b
    Exit codes:
      0  every record is valid and nothing leaks
      1  a record is not valid, or something must be mended; the sentences say what
      2  the command line was wrong

    \b
    Example:
      judge corpus audit training/corpus
    """
    require_train_extra()
    # Imported here: --help needs none of it.
    from training.audit import audit_corpus
    from training.corpus_reader import read_corpus

    found = audit_corpus(list(read_corpus(paths or (Path("training/corpus"),))))
    sys.stdout.write(found.as_text())
    sys.exit(1 if found.problems else 0)
