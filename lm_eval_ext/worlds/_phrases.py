"""What stands around an answer: the wordings that ``answers`` takes off, or refuses an answer for.

Every repetition is bounded or cannot overlap what follows it, so no text makes them slow.
"""

import re

UNSEEN = re.compile("[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")  # writing marks and zero widths


def _either(words: str) -> str:
    """A pattern for any of the words; an underscore stands for a blank inside one."""
    return "|".join(words.split()).replace("_", r"\s{1,3}")


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text.replace("'", r"['\u2019]"), re.IGNORECASE)


THOUGHT_END = _pattern(r"</(?:think|thinking|thought|reasoning)>")
THOUGHT_START = _pattern(r"<(?:think|thinking|thought|reasoning)>")
QUESTION = _pattern(r"(?:question|q)\s{0,3}\d{0,4}\s{0,3}:[^\n]*")
NEXT_QUESTION = _pattern(r"\n[ \t]{0,20}(?:question|q)\s{0,3}\d{0,4}\s{0,3}:")
_ALOUD_WORDS = _either("thought thoughts reasoning explanation step_1 let_me let's let_us first")
ALOUD = _pattern(rf"(?:{_ALOUD_WORDS})\b")
_FILLERS = _either("sure certainly of_course okay ok well so thus hence therefore finally in_conclusion")
_ANSWER = (
    r"(?:(?:here is |here's )?(?:the|my) )?(?:final |correct |short )?(?:answer|response)(?: to (?:the|this|your) question)?"
)
OPENING = _pattern(
    rf"(?:{_FILLERS})\b[,.!:]?(?:\s+|$)"
    rf"|{_ANSWER}(?:\s+(?:is|would be)\b|[*_]{{0,2}}\s*(?=[:=\u2013-])|\s*$)\s*[:=\u2013-]*\s*"
    r"|a:\s*"
)
LATER_CUE = _pattern(
    rf"(?:^|[.!?\n])[\s*#>]{{0,8}}(?:(?:{_FILLERS}),?\s{{1,3}})?(?:the\s{{1,3}}|my\s{{1,3}})?(?:final\s{{1,3}}|correct\s{{1,3}})?"
    r"answer[*_\s]{0,4}(?::|is\b)[:*_ ]{0,6}"
)
ITEM = _pattern(r"\s{0,8}(?:[-*•]|\d{1,2}[.)])\s{1,4}\S")
SENTENCE_END = re.compile(r"[.!?][\"'\u2019\u201d)*]{0,3}\s+(?=\S)")
_TURNS = _either(
    """or no nope not wait actually sorry correction but however rather instead maybe perhaps possibly probably also second
    another alternatively incorrect wrong oops hmm+ hold_on scratch just_kidding could might may let_me let's my_mistake
    i_mean i_meant i_think i_guess i_was i_take i_could i_may"""
)
TAKEN_BACK = _pattern(rf"\W{{0,8}}(?:{_TURNS}|that(?:'s| is| was)? (?:not|wrong|false))\b")
_DENIALS = _either("not never cannot wrong incorrect mistaken? false neither nor doubt unlikely unsure disregard ignore instead")
DENIAL = _pattern(rf"\b(?:{_DENIALS})\b|n't\b")
BOX = _pattern(r"\\f?boxed\s{0,3}\{")
_LATEX_COMMANDS = _either("text textbf textit mathrm mathbf mathit mathcal mathbb operatorname")
LATEX_TEXT = _pattern(rf"\\(?:{_LATEX_COMMANDS})\s{{0,3}}\{{([^{{}}]{{0,500}})\}}|\\[()\[\]]")
_SPEAKERS = "i we it this that there sorry unfortunately based according as the_text the_passage the_page the_question the_answer"
_NOT = "known sure certain mentioned specified stated given provided available possible enough clear able in_the"
_UNABLE = _either(
    "unknown unanswerable unsure unclear idk an_ai cannot can't cant can_not could_not couldn't unable_to impossible_to"
)
_DONT = "know have provide mention say specify state contain exist"
ABSTENTION = _pattern(
    rf"(?:(?:{_either(_SPEAKERS)})\b.{{0,120}}?)?"
    rf"(?:\b(?:{_UNABLE})\b"
    r"|^(?:n/?a|none|sorry|nothing|no answer|i'm sorry|i am sorry)\b"
    rf"|\bnot\s+(?:{_either(_NOT)})\b|\bno\s+(?:information|idea|data|mention|record|way)\b"
    rf"|\b(?:do|does|did)(?: not|n't|nt)\s+(?:{_either(_DONT)})\b)"
)
EMPHASIS = " \t\n\r*_`\"'\u201c\u201d\u201e\u00ab\u00bb\u2018\u2019"
LINE_MARK = re.compile(r"^(?:#{1,6}\s|[-•]\s|>\s)")
