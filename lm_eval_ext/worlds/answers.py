"""What a model's output gives as its answer, for strict scoring: read it or refuse, never guess.

Every word must be accounted for. Openings ("The answer is"), decoration and, when the question is known, the question's own words
are taken off; whatever else stands beside a name makes it another answer.
"""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from lm_eval_ext.worlds import _phrases as phrases
from lm_eval_ext.worlds.echoes import without_echo

LONGEST_ANSWER = 1_000
"""Characters kept of an answer; no name is longer."""
_MANY = 10  # boxes that are looked at, the last ones


def output_text(results: Sequence[Any]) -> str:
    """The model's output out of what lm-eval hands over: itself, or the first of several repeats.

    Example:
        >>> output_text(["Lima"]), output_text([["Lima", "Quito"]])
        ('Lima', 'Lima')
    """
    return results[0] if isinstance(results[0], str) else results[0][0]


def extract_answer(text: str, query: str = "") -> str:
    """The answer that an output gives; "" when it gives none.

    Closed thoughts are dropped; an unclosed one leaves what stands before it. A single LaTeX box wins. Else the first line that
    says something counts, up to the next question, without openings, decoration and what follows its first sentence. After
    "Thought:" and the like it is what follows the last "Answer:". An answer that is taken back, denied or one of a list is
    joined with what follows by "|", so that it matches nothing.

    Args:
        text: Output of the model.
        query: The question; when given, a sentence that repeats it is reduced to the name it adds.

    Example:
        >>> extract_answer("**Answer:** The Hague."), extract_answer("Thought: it is 1862. Answer: 1862.")
        ('The Hague', '1862')
        >>> extract_answer("The capital of Fuvaka is Nonove.", "What is the capital of Fuvaka?")
        'Nonove'
        >>> extract_answer("Paris. No, Rome.")
        'Paris. | No, Rome'
    """
    said = _first_exchange(_without_thoughts(text))
    box = _box(said)
    if box is not None:
        return _bare(box)[:LONGEST_ANSWER]
    if phrases.ALOUD.match(_bare(said[:100])):
        later = list(phrases.LATER_CUE.finditer(said))
        said = said[later[-1].end() :].strip() if later else said
    return _bare(without_echo(_first_statement(said), query))[:LONGEST_ANSWER]


def abstained(text: str) -> bool:
    """Whether an output says that it cannot or will not answer.

    Args:
        text: Output of the model, or the answer extracted from it.

    Example:
        >>> abstained("I don't know."), abstained("Not mentioned in the text"), abstained("Nowhere Land")
        (True, True, False)
    """
    return bool(phrases.ABSTENTION.match(extract_answer(text[:4_000])[:400]))


def _without_thoughts(text: str) -> str:
    ends = [match.end() for match in phrases.THOUGHT_END.finditer(text)]
    text = text[ends[-1] :] if ends else text
    start = phrases.THOUGHT_START.search(text)
    return text[: start.start()] if start else text


def _first_exchange(text: str) -> str:
    """What is said before the model asks itself the next question; a question said again at the start is dropped."""
    text = phrases.UNSEEN.sub("", text).strip()
    again = phrases.QUESTION.match(text)
    text = text[again.end() :].strip() if again else text
    following = phrases.NEXT_QUESTION.search(text)
    return text[: following.start()].rstrip() if following else text


def _box(text: str) -> str | None:
    """Content of the LaTeX box, when all boxes say the same and nothing around the last one denies it."""
    boxes = list(phrases.BOX.finditer(text))[-_MANY:]
    contents = {_braced(text, match.end()) for match in boxes}
    if len(contents) != 1:
        return None
    match, content = boxes[-1], contents.pop()
    after = text[match.end() + len(content or "") + 1 :][:80]
    around = f"{text[max(0, match.start() - 60) : match.start()]} {after}"
    denied = phrases.DENIAL.search(around) or phrases.TAKEN_BACK.match(after)
    return None if denied else content


def _braced(text: str, start: int) -> str | None:
    """Text up to the brace that closes the one before ``start``; None when it is not closed soon."""
    depth = 1
    for place in range(start, min(len(text), start + LONGEST_ANSWER)):
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if depth == 0:
            return text[start:place]
    return None


def _first_statement(text: str) -> str:
    """The first line that says something, cut after its first sentence; whole when the rest denies or continues it."""
    lines = [line for line in text[: 20 * LONGEST_ANSWER].splitlines() if line.strip()]
    opened = [_opened(line[:LONGEST_ANSWER]) for line in lines[:5]]
    first = next((place for place, line in enumerate(opened) if line), None)
    if first is None:
        return ""
    after = lines[first + 1][:200] if first + 1 < len(lines) else ""
    if phrases.ITEM.match(lines[first]) and phrases.ITEM.match(after):
        return " | ".join(lines)[:LONGEST_ANSWER]
    statement, rest = _split_sentence(opened[first])
    further = _denied(rest) or _another(rest) or (not rest and _denied(after))
    return f"{statement} | {rest or after}" if further else statement


def _opened(line: str) -> str:
    """The line without decoration and openings such as "Sure!", "The final answer is"."""
    line = _bare(line)
    for _ in range(4):
        opening = phrases.OPENING.match(line)
        if not opening:
            break
        line = _bare(line[opening.end() :])
    return line


class _Split(NamedTuple):
    """A line's first sentence and what follows it."""

    first: str
    rest: str


def _split_sentence(line: str) -> _Split:
    """First sentence and rest; a full stop after an abbreviation ("St. Louis") or initial ends no sentence."""
    for match in phrases.SENTENCE_END.finditer(line):
        word = re.sub(r"\W", "", line[: match.start()].rsplit(maxsplit=1)[-1]) if match.start() else ""
        if len(word) > 2 or word.isdigit() or line[match.start()] != ".":
            return _Split(line[: match.end()].rstrip(), line[match.end() :])
    return _Split(line, "")


def _denied(rest: str) -> bool:
    return bool(phrases.TAKEN_BACK.match(rest) or phrases.DENIAL.search(rest[:200]))


def _another(rest: str) -> bool:
    """Whether the next sentence is a second bare name: one or two words, or three without a small one."""
    words = _split_sentence(rest).first.split()
    return 0 < len(words) <= 2 or (len(words) == 3 and not any(word.islower() for word in words))


def _bare(text: str) -> str:
    """Without LaTeX text commands, marks of emphasis, quotes and final punctuation around it."""
    text = phrases.LATEX_TEXT.sub(lambda match: match[1] or "", text).strip()
    before = ""
    while text != before:
        before = text
        text = phrases.LINE_MARK.sub("", text).strip(phrases.EMPHASIS).rstrip(".,;:!")
        if len(text) > 1 and text[0] == text[-1] == "$":
            text = text[1:-1]
    return text
