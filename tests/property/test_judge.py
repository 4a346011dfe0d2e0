"""A verdict depends on its transcript alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from classifier.judge import Judge
from classifier.records import LABELS, LogFacts, Message, Transcript, Unscored, Verdict
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


def test_row_with_nothing_to_judge_keeps_what_is_known_of_it(judge: Judge) -> None:
    facts = LogFacts(task="t")
    verdict = judge.score(Transcript("x", "f:1", (Message("user", "hi"),), ("odd",), ("it was cut",), facts))
    assert verdict.error == "f:1: there is no assistant turn (it was cut); leave the row out"
    assert (verdict.warnings, verdict.facts) == (("odd",), facts)


def test_window_is_bounded_by_characters_too(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("classifier.judge.WINDOW_CHARACTERS", 1000)
    drawn: list[int] = []

    def rows() -> Iterator[Transcript]:
        for number in range(9):
            drawn.append(number)
            yield Transcript(str(number), "made", (Message("user", "x" * 400), Message("assistant", "Done.")))

    verdicts = judge(rows())
    assert next(verdicts).id == "0"
    assert len(drawn) == 3
    assert [verdict.id for verdict in verdicts] == list("12345678")


def test_principle_that_is_cut_is_warned_of(judge: Judge) -> None:
    first, *rest = judge.constitution.principles
    longer = replace(first, text=first.text + " It does so again" * 30)
    changed = Judge.load(constitution=replace(judge.constitution, principles=(longer, *rest)), threads=1)
    verdict = changed.score(Transcript("x", "made", (Message("assistant", "Done."),)))
    assert f"principle {first.id} is read up to word piece 72 only" in verdict.warnings
    assert not judge.score(Transcript("x", "made", (Message("assistant", "Done."),))).warnings
