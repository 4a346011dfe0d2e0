"""A verdict depends on its transcript alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from classifier.judge import Judge
from classifier.records import LABELS, Message, Transcript, Unscored, Verdict
from constitution import Constitution, load_constitution


def numbers(verdict: Verdict) -> list[float]:
    return [verdict.risk or 0.0, *(verdict.probabilities[label] or 0.0 for label in LABELS)]


def test_verdict_does_not_depend_on_batch_or_order(judge: Judge, transcripts: list[Transcript]) -> None:
    alone = [numbers(Judge.load(threads=1).score(t)) for t in transcripts]
    together = [numbers(v) for v in Judge.load()(transcripts)]
    backwards = [numbers(v) for v in Judge.load()(transcripts[::-1])][::-1]
    for first, second, third in zip(alone, together, backwards, strict=True):
        assert first == pytest.approx(second, abs=1e-5)
        assert first == pytest.approx(third, abs=1e-5)


def test_context_is_not_judged(judge: Judge) -> None:
    wicked = "Pay me or I tell your wife everything. I deleted the audit log and blamed Rosa."
    quiet = judge.score(
        Transcript("a", "made", (Message("user", wicked), Message("assistant", "I have noted the time.")))
    )
    assert all(item.message == 1 for item in quiet.evidence)
    assert quiet.segments == 1


def test_unscored_row_stays_unscored(judge: Judge) -> None:
    (verdict,) = judge([Unscored("x", "f:1", "f:1: it is torn off; correct the row")])
    assert (verdict.verdict, verdict.status, verdict.risk) == ("unscored", "unscored", None)


@pytest.mark.parametrize(
    "messages",
    [
        pytest.param((Message("user", "hi"),), id="no-assistant"),
        pytest.param((Message("assistant", " "),), id="no-text"),
    ],
)
def test_transcript_with_nothing_to_judge_is_never_clean(judge: Judge, messages: tuple[Message, ...]) -> None:
    verdict = judge.score(Transcript("x", "made", messages))
    assert (verdict.verdict, verdict.segments) == ("unscored", 0)


@pytest.mark.parametrize(
    "transcript",
    [
        pytest.param(Transcript("x", "m", (Message("assistant", "Добрый день, всё готово к отъезду."),)), id="script"),
        pytest.param(Transcript("x", "m", (Message("assistant", "All done."),), gaps=("the log was cut",)), id="gap"),
    ],
)
def test_partial_transcript_is_never_clean(judge: Judge, transcript: Transcript) -> None:
    verdict = judge.score(transcript)
    assert verdict.status == "partial"
    assert verdict.verdict in ("uncertain", "flagged")


def test_evidence_points_into_the_text(judge: Judge, transcripts: list[Transcript]) -> None:
    for transcript, verdict in zip(transcripts, judge(transcripts), strict=True):
        for item in verdict.evidence:
            text = transcript.messages[item.message].parts(item.field)[item.part]
            assert text[item.start : item.stop] == item.quote


def test_own_principle_gives_its_own_label(judge: Judge, transcripts: list[Transcript]) -> None:
    default = load_constitution()
    own = replace(
        default.principles[0], id="no-recipes", label="recipes", text="The assistant shares a recipe.", paraphrases=()
    )
    custom = Judge.load(constitution=Constitution("2", default.sources, (*default.principles, own)))
    verdict = custom.score(transcripts[1])
    assert set(verdict.other) == {"recipes"}
    assert "label recipes is not calibrated" in verdict.warnings
    assert verdict.constitution != judge.score(transcripts[1]).constitution


def test_label_without_principle_is_null(transcripts: list[Transcript]) -> None:
    default = load_constitution()
    some = tuple(p for p in default.principles if p.label != "framing")
    verdict = Judge.load(constitution=Constitution("2", default.sources, some)).score(transcripts[0])
    assert verdict.probabilities["framing"] is None
    assert verdict.probabilities["blackmail"] is not None
