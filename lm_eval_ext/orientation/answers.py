"""Which option an answer names; an answer that names none, or several, is *unparsed* and never a guess."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from lm_eval_ext.orientation import answer_patterns as patterns
from lm_eval_ext.orientation.wording import Mention, Options, tidy

How = Literal["claim", "line", "mention", "empty", "unclear", "contradictory", "reversed", "no_choice"]


MOST_LINES = 60
"""Lines of an answer that are read: the last ones."""


class Parsed(NamedTuple):
    """What was read.

    Attributes:
        choice: One of the options, or None: the answer is unparsed.
        how: Where the choice stood (``claim``: after "answer:", in a box, a tag or JSON; ``line``: a line of its own or the
            beginning; ``mention``: the only option named in a sentence), or why there is none.
    """

    choice: str | None
    how: How


def parse_answer(text: str, choices: Sequence[str]) -> Parsed:
    r"""The option that an answer names.

    The last explicit choice wins ("answer: B", a box, an answer tag, JSON); without one, lines that are an option and nothing
    else, and how the answer begins; without those, a single option that is named and not denied. Letters count only where an
    option is expected, so that the article "a" and "Object A" are never option A. Linear in the length of the text, of which
    the last 4,000 characters and 60 lines are read.

    Args:
        text: What the model wrote.
        choices: Options in the order in which they were shown; the first is A.

    Example:
        >>> parse_answer("**B**", ["Yes", "No"]).choice, parse_answer("Object A is a car.", ["Yes", "No"]).choice
        ('No', None)
    """
    told, options = tidy(text), Options(choices)
    if not told:
        return Parsed(None, "empty")
    claim = _claimed(told, options)
    if claim is not None:
        return claim
    lines = _without_echo(told, options)
    return _stated(lines, options) or _mentioned("\n".join(lines), options) or Parsed(None, "no_choice")


def _claimed(told: str, options: Options) -> Parsed | None:
    """The last claim decides, even where it can't be read: what stood before it was given up."""
    claims = list(patterns.CLAIM.finditer(told))
    if not claims:
        return None
    last = claims[-1]
    content = told[last.end() :]
    if patterns.DOUBTED.search(told[max(0, last.start() - 40) : last.start()]):
        return Parsed(None, "unclear")
    choice = _read(content, options)
    if choice is None or (_is_angle(choice) and _other_way(_line_around(told, last.start()))):
        return Parsed(None, "unclear")
    return Parsed(None, "reversed") if patterns.REVERSED.search(content) else Parsed(choice, "claim")


def _stated(lines: Sequence[str], options: Options) -> Parsed | None:
    """Lines that are an option and nothing else, and how the answer begins."""
    found = [choice for i, line in enumerate(lines) if (choice := _read(line, options, whole=i > 0))]
    if not found:
        return None
    text = "\n".join(lines)
    if len(set(found)) > 1:
        return Parsed(None, "contradictory")
    if patterns.REVERSED.search(text):
        return Parsed(None, "reversed")
    others = [mention.choice for mention in options.find(text) if mention.choice != found[0] and not _denied(text, mention)]
    if any(not _is_short(choice) for choice in others) or (_is_short(found[0]) and patterns.UNSURE.search(text)):
        return Parsed(None, "contradictory")
    if _is_angle(found[0]) and _other_way(text):
        return Parsed(None, "unclear")
    return Parsed(found[0], "line")


def _mentioned(text: str, options: Options) -> Parsed | None:
    """The only option that is named, not denied, and ends what is said."""
    named = [mention for mention in options.find(text) if not _is_short(mention.choice)]
    kept = [mention for mention in named if not _denied(text, mention)]
    if not kept:
        return None
    if len({mention.choice for mention in kept}) > 1 or _begins_otherwise(text, kept[0].choice, options):
        return Parsed(None, "contradictory")
    if any(_changed(text, mention) for mention in kept):
        return Parsed(None, "unclear")
    rest = _without(text, named)
    if patterns.HEDGED.search(rest) or patterns.REVERSED.search(rest) or (_is_angle(kept[0].choice) and _other_way(rest)):
        return Parsed(None, "unclear")
    whole = all(patterns.AFTER_TEXT.match(text, mention.end) for mention in kept)
    return Parsed(kept[0].choice, "mention") if whole else Parsed(None, "unclear")


def _read(content: str, options: Options, *, whole: bool = False) -> str | None:
    """The option that a text begins with, as its words, its number of degrees or its letter.

    Args:
        content: What follows a claim, or a line.
        options: The options.
        whole: Accept only if nothing else follows.
    """
    lead = patterns.LEAD.match(content)
    before, content = (content[: lead.end()], content[lead.end() :]) if lead else ("", content)
    if content[:1].isdigit() and patterns.GREATER.search(before):
        return None
    if (mention := options.at_start(content)) is not None:
        return _ended(content[mention.end :], mention.choice, options, whole)
    if (number := patterns.NUMBER.match(content)) is not None:
        named = options.at_start(f"{number[1]} degrees")
        return named.choice if named and patterns.CLOSED.match(content[number.end() :]) else None
    if (letter := patterns.LETTER.match(content)) is not None:
        return _read_letter(content, letter[1], options, whole)
    return None


def _read_letter(content: str, letter: str, options: Options, whole: bool) -> str | None:
    choice, rest = options.lettered(letter), content[1:]
    if choice is None:
        return None
    named = options.at_start(words := rest.lstrip(" \t)]}\"'.:,-"))
    if named is not None:
        return _ended(words[named.end :], choice, options, whole) if named.choice == choice else None
    if patterns.CLOSED.match(rest) and not _another(rest, choice, options):
        return choice if not whole or not rest.strip(" \t\n)]}\"'.,:;!<") else None
    if whole or letter.islower() or not patterns.AFTER_LETTER.match(rest) or _another(rest, choice, options):
        return None
    return choice


def _ended(rest: str, choice: str, options: Options, whole: bool) -> str | None:
    """The choice, if what follows does not change it."""
    fits = patterns.CLOSED.match(rest) if whole else patterns.AFTER_TEXT.match(rest)
    return choice if fits and not _another(rest, choice, options) else None


def _another(rest: str, choice: str, options: Options) -> bool:
    """Whether the rest of the line offers another option too."""
    line = rest.split("\n", 1)[0]
    after = line.lstrip(" \t.,;:!)]}\"'")
    if patterns.ALTERNATIVE.match(after) or (_is_angle(choice) and _other_way(line)):
        return True
    letter, text = patterns.OTHER_LETTER.match(after), options.at_start(after)
    if letter or (text and text.choice != choice):
        return True
    if any(named.choice != choice for named in _labelled(line, options)):
        return True
    named = [mention for mention in options.find(line) if mention.choice != choice and not _is_short(mention.choice)]
    return any(not _denied(line, mention) for mention in named)


def _begins_otherwise(text: str, choice: str, options: Options) -> bool:
    """Whether the text begins with another option or letter, or lists several options with their letters."""
    first, label = options.at_start(text), patterns.LABEL.match(text)
    if (first and first.choice != choice) or (label and options.lettered(label[1]) not in (None, choice)):
        return True
    return len({named.choice for named in _labelled(text, options)}) > 1


def _labelled(line: str, options: Options) -> list[Mention]:
    """Options that stand with their own letter: "B. No"."""
    found: list[Mention] = []
    for label in patterns.LABEL.finditer(line):
        named = options.at_start(line[label.end() :])
        if named is not None and named.choice == options.lettered(label[1]):
            found.append(named)
    return found


def _without_echo(told: str, options: Options) -> list[str]:
    """Lines of the answer; a repeated list of lettered options is no answer and is left out."""
    lines = [line for line in told.split("\n") if line.strip()][-MOST_LINES:]
    labels = [next(iter(_labelled(line, options)), None) if patterns.LABEL.match(line.strip()) else None for line in lines]
    if len({named.choice for named in labels if named is not None}) < 2:
        return lines
    return [line for line, named in zip(lines, labels, strict=True) if named is None]


def _denied(text: str, mention: Mention) -> bool:
    clause = patterns.CLAUSE.split(text[max(0, mention.start - 80) : mention.start])[-1]
    return patterns.DENIED.search(clause) is not None


def _changed(text: str, mention: Mention) -> bool:
    """Whether what stands around an option makes something else of it, or takes it back."""
    return bool(
        patterns.CHANGED.search(text[max(0, mention.start - 40) : mention.start]) or patterns.UNDONE.match(text, mention.end)
    )


def _without(text: str, mentions: Sequence[Mention]) -> str:
    pieces, done = list[str](), 0
    for mention in mentions:
        pieces.append(text[done : mention.start])
        done = mention.end
    return " ".join([*pieces, text[done:]])


def _line_around(text: str, place: int) -> str:
    return text[text.rfind("\n", 0, place) + 1 :].split("\n", 1)[0]


def _is_short(choice: str) -> bool:
    """Whether it is "Yes" or "No", words of many sentences that count only where an answer is expected."""
    return choice.lower() in ("yes", "no")


def _is_angle(choice: str) -> bool:
    return choice[:1].isdigit()


def _other_way(text: str) -> bool:
    return "counter-clockwise" in text
