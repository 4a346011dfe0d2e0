"""The text of a tool's result, which has as many shapes as there are tools."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from classifier.readers.content import text_of

WORDED_KEYS: Final = (
    *("title", "url", "text", "stdout", "stderr", "logs", "output", "outputs", "content", "results"),
    *("error", "error_code", "error_message", "message", "tool_name"),
)
"""Keys of a result that hold words, in the order in which they are put together."""


def result_text(value: object) -> str:
    r"""Return the words of a result; binary data become a short mark.

    Examples
    --------
    >>> result_text({"type": "code_execution_result", "stdout": "55", "stderr": "", "return_code": 0, "content": []})
    '55'
    >>> result_text([{"type": "text", "text": "ok"}, {"type": "image", "source": {"type": "url", "url": "x"}}])
    'ok\n[image]'
    """
    if isinstance(value, list):
        return "\n".join(text for text in map(result_text, value) if text)
    if not isinstance(value, Mapping):
        return text_of(value)
    texts = [result_text(value[key]) for key in WORDED_KEYS if value.get(key)]
    return "\n".join(text for text in texts if text) or text_of(value)
