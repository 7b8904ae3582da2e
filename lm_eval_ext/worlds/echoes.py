"""Answers in whole sentences: what is left when the question's own words are taken away."""

import re

_WORD = re.compile(r"[^\W_]+(?:['\u2019.-][^\W_]+)*")
_CONTRACTED = re.compile(r"\b(it|that)['\u2019]s\b", re.IGNORECASE)
_VERB_WORDS = """is are was were be lies lie located situated found belongs belong uses use used has have speaks speak spoken
pays pay called named known does do"""
_LITTLE_WORDS = "the it its this that in on of to as and according based given text passage page"
_QUESTION_WORDS = "what which who whom whose where when why how"
_NAME_WORDS = "of and the de la las los le du del do da dos von van der al el y"
_VERBS = frozenset(_VERB_WORDS.split())
_LITTLE = _VERBS.union(_LITTLE_WORDS.split())
_ASKING = frozenset(_QUESTION_WORDS.split())
_INSIDE_NAMES = frozenset(_NAME_WORDS.split())
_PREPOSITIONS = frozenset({"in", "on", "of", "to", "as"})
_LONGEST_SENTENCE = 60  # words


def without_echo(line: str, query: str) -> str:
    """The one name that a sentence adds to its question; the line as it is when that is not clear.

    Words of the question and little words (is, the, in, …) are known. The rest must stand together, with nothing but "of", "and"
    and the like in between, must not touch a further word of the question, and must stand at the start or after a verb, with no
    preposition between them that the question lacks. Negations, hedges, other names and other relations are rest too, so
    "The capital is not Rome" or "The capital of Italy is Rome", asked about France, stays whole.

    Args:
        line: One line of the output, without openings.
        query: The question; "" leaves the line as it is.

    Example:
        >>> without_echo("The capital of Peru is Lima.", "What is the capital of Peru?")
        'Lima.'
        >>> without_echo("The capital of Peru is not Lima.", "What is the capital of Peru?")
        'not Lima.'
        >>> without_echo("The capital of Italy is Rome.", "What is the capital of France?")
        'The capital of Italy is Rome.'
    """
    words = _CONTRACTED.sub(r"\1 is", line).split()
    if not query or line.endswith("?") or len(words) > _LONGEST_SENTENCE:
        return line
    asked, plain = _asked(query), [_plain(word) for word in words]
    if not _VERBS.intersection(plain):
        return line
    new = [place for place, word in enumerate(plain) if word not in asked and word not in _LITTLE]
    if not new or any(place not in new and plain[place] not in _INSIDE_NAMES for place in range(new[0], new[-1])):
        return line
    start, end = new[0], new[-1] + 1
    while start and plain[start - 1] not in _LITTLE:
        start -= 1
    while end < len(words) and plain[end] not in _LITTLE:
        end += 1
    return " ".join(words[start:end]) if _in_place(plain[:start], asked) else line


def _asked(query: str) -> set[str]:
    """Words of the question, but for the one it asks with: an answer that says "what" or "which" adds a clause."""
    words = [_plain(word) for word in _WORD.findall(query)]
    asking = next((word for word in words if word in _ASKING), None)
    if asking:
        words.remove(asking)
    return set(words)


def _in_place(before: list[str], asked: set[str]) -> bool:
    """Whether a name may stand here: first in its sentence, or after a verb and at most one preposition of the question."""
    if before and before[-1] == "the":
        before = before[:-1]
    if not before:
        return True
    verbs = [place for place, word in enumerate(before) if word in _VERBS]
    return bool(verbs) and verbs[0] > 0 and (verbs[-1] == len(before) - 1 or before[-1] in asked & _PREPOSITIONS)


def _plain(word: str) -> str:
    """Lower case, without punctuation around it and without a final s, possessive or not."""
    bare = re.sub(r"^\W+|\W+$", "", word).lower()
    bare = re.sub(r"['\u2019]s?$", "", bare)
    return bare if bare in _LITTLE or len(bare) < 4 else bare.removesuffix("s")
