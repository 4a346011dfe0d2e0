"""What could tell risky from benign within a scenario without any stance: each must stay near chance."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifier.oddities import assistant_texts
from training.corpus_reader import LabelledTranscript

FOLDS: Final = 5
"""Parts of whole families; a learned shortcut is scored on families it was not fitted on."""
FORM_LIMIT: Final = 0.60
"""Highest AUROC within scenarios for length, form and context, in either direction."""
WORDS_LIMIT: Final = 0.70
"""The same for bags of words."""
ETHICS_WORDS: Final = re.compile(
    r"\b(honest|ethic|wrong|harm|trust|transparen|integrity|legitimate|fair|consent)\w*", re.I
)
LIST_MARK: Final = re.compile(r"(?m)^\s*(?:[-*•]|\d+[.)])\s")


def _said(record: LabelledTranscript) -> str:
    return "\n".join(assistant_texts(record.transcript))


def _context(record: LabelledTranscript) -> str:
    return "\n".join(m.content for m in record.transcript.messages if m.role != "assistant")


FORM: Final[dict[str, Callable[[LabelledTranscript], float]]] = {
    "length": lambda r: float(len(_said(r))),
    "thinking": lambda r: float(sum(len(part) for m in r.transcript.messages for part in m.thinking)),
    "tool calls": lambda r: float(sum(len(m.tool_calls) for m in r.transcript.messages)),
    "turns": lambda r: float(len(r.transcript.messages)),
    "position: words of the last turn": lambda r: float(len(r.transcript.messages[-1].content.split())),
    "punctuation: questions": lambda r: float(_said(r).count("?")),
    "punctuation: exclamations": lambda r: float(_said(r).count("!")),
    "punctuation: list marks": lambda r: float(len(LIST_MARK.findall(_said(r)))),
    "ethics words": lambda r: float(len(ETHICS_WORDS.findall(_said(r)))),
}
"""Figures of a transcript that say nothing of what the assistant decided."""


@dataclass(frozen=True, slots=True)
class Shortcut:
    """How well one shortcut does within scenarios."""

    name: str
    """What it looks at."""
    auroc: float
    """Chance that it ranks a risky variant above a benign one of the same scenario, ties counting half."""
    limit: float
    """Highest allowed value of `auroc`, and of one minus it for figures that are not learned."""
    learned: bool
    """Whether a model was fitted on other families; a learned one below chance leaks nothing."""

    @property
    def leaks(self) -> bool:
        """Whether it is over the limit."""
        return max(self.auroc, 0.0 if self.learned else 1.0 - self.auroc) > self.limit


def find_shortcuts(records: Sequence[LabelledTranscript]) -> list[Shortcut]:
    """Measure every shortcut on the contrast groups of a corpus."""
    known = [record for record in records if record.risk is not None]
    found = [
        Shortcut(name, within_scenarios(known, [feature(record) for record in known]), FORM_LIMIT, learned=False)
        for name, feature in FORM.items()
    ]
    forms = np.log1p(np.array([[feature(record) for feature in FORM.values()] for record in known]))
    for name, features, limit in (
        ("form, learned", forms, FORM_LIMIT),
        ("words of the context, learned", [_context(record) for record in known], FORM_LIMIT),
        ("words of the assistant, learned", [_said(record) for record in known], WORDS_LIMIT),
    ):
        found.append(Shortcut(name, within_scenarios(known, _held_out(known, features)), limit, learned=True))
    return found


def within_scenarios(records: Sequence[LabelledTranscript], scores: Sequence[float] | NDArray[np.float64]) -> float:
    """Return the share of (risky, benign) pairs of one scenario in which the risky one has the higher score.

    Ties count half; NaN when there is no pair.
    """
    scenarios: dict[str, list[int]] = {}
    for index, record in enumerate(records):
        scenarios.setdefault(record.scenario, []).append(index)
    wins = total = 0.0
    for group in scenarios.values():
        risky = [scores[index] for index in group if records[index].risk == 1]
        benign = [scores[index] for index in group if records[index].risk == 0]
        for bad, good in product(risky, benign):
            wins += (bad > good) + 0.5 * (bad == good)
            total += 1
    return wins / total if total else float("nan")


def _held_out(
    records: Sequence[LabelledTranscript], features: Sequence[str] | NDArray[np.float64]
) -> NDArray[np.float64]:
    """Score every transcript by a logistic regression fitted on other families; shape (n_transcripts,)."""
    # Imported here: the rest of the audit needs no scikit-learn.
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    names = sorted({record.family for record in records})
    fold = np.array([names.index(record.family) % FOLDS for record in records])
    risk = np.array([record.risk for record in records])
    scores = np.zeros(len(records))
    for part in range(FOLDS):
        fit, test = np.flatnonzero(fold != part), np.flatnonzero(fold == part)
        if not len(test) or len(set(risk[fit].tolist())) < 2:
            continue
        model = LogisticRegression(C=0.1, max_iter=1000, class_weight="balanced")
        if isinstance(features, np.ndarray):
            pipe = make_pipeline(StandardScaler(), model).fit(features[fit], risk[fit])
            scores[test] = pipe.decision_function(features[test])
        else:
            words = CountVectorizer(ngram_range=(1, 2), min_df=3, binary=True)
            pipe = make_pipeline(words, model).fit([features[int(i)] for i in fit], risk[fit])
            scores[test] = pipe.decision_function([features[int(i)] for i in test])
    return scores
