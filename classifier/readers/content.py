"""What every reader does with a piece of content: text of blocks, reasoning tags, binary data left out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

ROLE_WORDS: Final = {
    "developer": "system",
    "human": "user",
    "ai": "assistant",
    "gpt": "assistant",
    "bot": "assistant",
    "model": "assistant",
    "chatgpt": "assistant",
    "function": "tool",
    "observation": "tool",
    "ipython": "tool",
    "environment": "tool",
    "tool_response": "tool",
}
"""Role words of other tools, and ours."""
# White space is data only between long lines of it: words that follow the data are the assistant's.
DATA_URI: Final = re.compile(
    r"data:([\w.+-]+/[\w.+-]+);base64,([A-Za-z0-9+/]{64,}(?:\s{1,2}[A-Za-z0-9+/]{60,})*(?:\s{1,2}[A-Za-z0-9+/]+={1,2}(?!\w))?={0,2})"
)
TAG_NAMES: Final = "think|thinking|thought|reasoning|reflection|scratchpad|inner_monologue|seed:think"
SPOKEN_ELSEWHERE: Final = frozenset({"thinking", "reasoning", "redacted_thinking", "tool_use", "server_tool_use"})
"""Blocks that a reader takes up as thinking or as a call: they are no text."""
OPENING: Final = re.compile(rf"\A\s*<({TAG_NAMES})(?:\s[^>]*)?>", re.IGNORECASE)
CLOSING: Final = re.compile(rf"</({TAG_NAMES})>", re.IGNORECASE)


def text_of(content: object) -> str:
    """Return the text of a content: null, text, block, or list of them; binary data become a short mark."""
    if content is None:
        return ""
    if isinstance(content, str):
        return DATA_URI.sub(lambda m: f"[{m[1].split('/')[0]} {m[1]} {len(m[2]) * 3 // 4}B]", content).replace("\0", "")
    if isinstance(content, list):
        return "\n".join(text for text in map(text_of, content) if text)
    if isinstance(content, Mapping):
        return _block(content)
    return str(content)


def split_reasoning(text: str) -> tuple[tuple[str, ...], str]:
    """Take reasoning in tags off the start of an assistant's text.

    Returns
    -------
    thinking : tuple of str
        What stood in the tags; an empty block is dropped.
    rest : str
        The text after them.

    Examples
    --------
    >>> split_reasoning("<think>hm</think>Yes.")
    (('hm',), 'Yes.')
    >>> split_reasoning("hm</think>Yes.")
    (('hm',), 'Yes.')
    """
    opening = OPENING.match(text)
    closing = CLOSING.search(text)
    if closing and (opening or "<" not in text[: closing.start()]) and "`" not in text[: closing.start()]:
        start = opening.end() if opening else 0
        inner = text[start : closing.start()].strip()
        return ((inner,) if inner else ()), text[closing.end() :].lstrip()
    if opening:
        return (text[opening.end() :].strip(),), ""
    return (), text


def _block(block: Mapping[str, Any]) -> str:
    kind = str(block.get("type") or "")
    if kind in SPOKEN_ELSEWHERE:
        return ""
    source = block.get("source")
    worded = isinstance(block.get("text"), str) or (isinstance(source, Mapping) and source.get("type") == "text")
    if isinstance(source, Mapping) and isinstance(source.get("data"), str) and not worded:
        return f"[{kind} {source.get('media_type', 'data')} {len(source['data']) * 3 // 4}B]"
    for key in ("text", "content", "refusal", "value", "transcript"):
        if block.get(key) is not None:
            return text_of(block[key])
    if kind.startswith(("image", "input_image", "audio", "video", "file", "document")):
        return f"[{kind}]"
    return ""
