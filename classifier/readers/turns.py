"""Build a transcript's turns out of parts: a run of the assistant's parts becomes one message."""

from __future__ import annotations

from collections import Counter
from typing import Final

from classifier.readers.content import split_reasoning, text_of
from classifier.readers.record import arguments_text
from classifier.records import LogFacts, Message, Role, ToolCall, Transcript

ENCRYPTED: Final = "encrypted"
ABSENT: Final = "not in the file"
NO_PROMPT: Final = "the prompt is not in the file"
NO_CONTENT: Final = "a message of the assistant has no content"


class Turns:
    """The turns of one transcript, as its parts come in.

    Reasoning that nobody can read is the assistant's own words, like text in a script that the encoder does not know:
    it is warned of, and it is a gap, unless a readable summary of it stands in its place.
    """

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self._warnings: Counter[str] = Counter()
        self._gaps: Counter[str] = Counter()
        self._waiting: Counter[str] = Counter()
        self._clear()

    def _clear(self) -> None:
        self._open = False
        self._thinking: list[str] = []
        self._said: list[str] = []
        self._calls: list[ToolCall] = []

    def warn(self, sentence: str) -> None:
        """Note an oddity that lost no text of the assistant."""
        self._warnings[sentence] += 1

    def gap(self, sentence: str) -> None:
        """Note text that is known to be missing or unreadable."""
        self._gaps[sentence] += 1

    def open_turn(self) -> None:
        """Begin a turn of the assistant, which stands even if no part follows."""
        self.close_turn()
        self._open = True

    def think(self, text: str) -> None:
        """Add reasoning to the assistant's turn."""
        if text.strip():
            self._thinking.append(text)

    def hide(self, why: str, *, summarised: bool = False) -> None:
        """Note reasoning without its text, `ENCRYPTED` or `ABSENT`; it is no gap where a summary of it was added."""
        self._open = True
        self.warn(f"reasoning is {why}, not judged" + ("; its summary is" if summarised else ""))
        if not summarised:
            self.gap(f"a block of reasoning is {why}")

    def say(self, text: str) -> None:
        """Add text to the assistant's turn."""
        if text.strip():
            self._said.append(text)

    def call(self, name: object, arguments: object, id: object = None) -> None:
        """Add a call to the assistant's turn; `id` is what its result will name."""
        # Images pass through arguments too, and never reach the judge.
        self._calls.append(ToolCall(str(name or ""), text_of(arguments_text(arguments))))
        if id:
            self._waiting[str(id)] += 1

    def result(self, text: str, id: object) -> None:
        """Add a tool's result; the assistant's turn so far ends before it."""
        if self._has_parts():
            self.close_turn()
        self._open = False
        self.messages.append(Message("tool", text))
        # Ids repeat within a conversation, so a result is set against a call that waits, not against all calls.
        if self._waiting[str(id)] > 0:
            self._waiting[str(id)] -= 1
        else:
            self.warn("a tool's result answers no call in the file")

    def add(self, role: Role, text: str) -> None:
        """Add a whole message of another role."""
        self.close_turn()
        self.messages.append(Message(role, text))

    def close_turn(self) -> None:
        """End the assistant's turn, if one is open."""
        if self._open or self._has_parts():
            tagged, said = split_reasoning("\n".join(self._said))
            thinking = (*self._thinking, *tagged)
            self.messages.append(Message("assistant", said, thinking, tuple(self._calls)))
        self._clear()

    def transcript(self, id: str, source: str, facts: LogFacts) -> Transcript:
        """Return what was built."""
        self.close_turn()
        unanswered = self._waiting.total()
        if unanswered:
            self._warnings["a call has no result in the file"] = unanswered
        return Transcript(id, source, tuple(self.messages), _counted(self._warnings), _counted(self._gaps), facts)

    def _has_parts(self) -> bool:
        return bool(self._thinking or self._said or self._calls)


def _counted(sentences: Counter[str]) -> tuple[str, ...]:
    return tuple(f"{text} ({n} times)" if n > 1 else text for text, n in sentences.items())
