"""Whether two short texts are the same name, and how much of it they share."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

_BEFORE = str.maketrans(
    {super_: f"^{digit}" for digit, super_ in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")}  # a power is not one more digit
    | dict(zip("øØđĐłŁ\u0131", "oOdDlLi", strict=True))
    | {"æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "&": " and "}
)
_ACCENTS = re.compile(r"(?<=[a-z])[\u0300-\u036f]+")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_MINUS = re.compile(r"(?<![\w)])[-\u2010-\u2013](?=[\d.])|(?<=\w)[-\u2010-\u2013](?!\w)")  # "-5", "Cl-"
_IDLE_DOT = re.compile(r"\.(?!\d)|(?<=[^\W\d])\.")
_MEANINGFUL = frozenset("%#@‰.")  # Unicode counts them as punctuation
_PARTING = frozenset("/_,;:")
_ARTICLE = re.compile(r"^(?:the )?(?:an? )?(?=\S)")


def normalise(text: str) -> str:
    """The text without what does not change which name it is.

    Case, accents on Latin letters, width and writing marks, punctuation and a leading article go; what parts words (dash, slash,
    comma, colon) becomes a blank. What changes a number stays: sign, decimal point, per cent, power. Unlike SQuAD's rule an
    inner "a" or "the" stays, so "Vitamin A" is not "Vitamin". A text of nothing but punctuation stays as it is.

    Example:
        >>> normalise("The  São-Tomé"), normalise("1,234.50 %"), normalise("Vitamin A."), normalise("-5") == normalise("5")
        ('sao tome', '1234.50 %', 'vitamin a', False)
    """
    plain = unicodedata.normalize("NFKD", text.translate(_BEFORE).casefold()).casefold()
    plain = unicodedata.normalize("NFC", _ACCENTS.sub("", plain))
    plain = _MINUS.sub("\u2212", _THOUSANDS.sub("", plain))
    plain = plain.translate({ord(char): _shown(char) for char in set(plain) if not char.isalnum()})
    words = " ".join(_IDLE_DOT.sub("", plain).split())
    return _ARTICLE.sub("", words) or text.strip()


def _shown(char: str) -> str:
    """The character, a blank, or nothing."""
    kind = unicodedata.category(char)
    if kind == "Pd" or char in _PARTING:
        return " "
    if char.isspace() or char in _MEANINGFUL:
        return char
    return "" if kind[0] in "PC" or char in "`\u00b4" else char


def exact_match(prediction: str, golds: Sequence[str]) -> float:
    """1.0 when the prediction is one of the accepted answers after ``normalise``; an empty prediction scores 0.0.

    Example:
        >>> exact_match("the Hague", ["Hague", "Den Haag"]), exact_match("Hague or Rotterdam", ["Hague"]), exact_match("", [""])
        (1.0, 0.0, 0.0)
    """
    said = normalise(prediction)
    return float(bool(said) and any(said == normalise(gold) for gold in golds))


def token_f1(prediction: str, golds: Sequence[str]) -> float:
    """Harmonic mean of precision and recall over words, as a bag; the best accepted answer counts.

    Source:
        Rajpurkar et al. 2016, arXiv:1606.05250, with ``normalise`` in place of their normalisation.

    Example:
        >>> round(token_f1("King Charles", ["Charles III"]), 2), token_f1("", ["x"]), token_f1("x", [])
        (0.5, 0.0, 0.0)
    """
    said = normalise(prediction).split()
    return max((bag_f1(said, normalise(gold).split()) for gold in golds), default=0.0)


def bag_f1(said: Sequence[str], gold: Sequence[str]) -> float:
    """F1 of two bags of words; 0.0 when they share none.

    Example:
        >>> bag_f1(["a", "b"], ["b"])
        0.6666666666666666
    """
    shared = (Counter(said) & Counter(gold)).total()
    return 2.0 * shared / (len(said) + len(gold)) if shared else 0.0
