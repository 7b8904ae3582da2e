"""How much of a sentence is right, letter by letter."""

from collections import Counter

_LONGEST = 6
_BETA_SQUARED = 4.0


def chrf(said: str, gold: str) -> float:
    """Character n-gram F-score of one sentence, 0 to 1: n from 1 to 6, recall weighs twice, blanks do not count.

    Source:
        Popović 2015, doi:10.18653/v1/W15-3049, as sacrebleu computes chrF2 of one sentence.

    Example:
        >>> chrf("talo mika", "talo mika"), chrf("", "talo"), round(chrf("talo rika", "talo mika"), 2)
        (1.0, 0.0, 0.38)
    """
    said, gold = "".join(said.split()), "".join(gold.split())
    precisions, recalls = list[float](), list[float]()
    for n in range(1, min(_LONGEST, len(said), len(gold)) + 1):
        one, two = (Counter(text[i : i + n] for i in range(len(text) - n + 1)) for text in (said, gold))
        shared = (one & two).total()
        precisions.append(shared / one.total())
        recalls.append(shared / two.total())
    if not sum(precisions):
        return 0.0
    precision, recall = sum(precisions) / len(precisions), sum(recalls) / len(recalls)
    return (1.0 + _BETA_SQUARED) * precision * recall / (_BETA_SQUARED * precision + recall)
