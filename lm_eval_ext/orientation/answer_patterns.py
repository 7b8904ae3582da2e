"""Words and marks by which ``answers`` tells a choice from talk about it; all are linear in what they are given."""

import re

CLAIM = re.compile(
    r"\\boxed(?=\{)|<answer>"
    r"|\b(?:ans|answer|choice|option|conclusion)[\"']?[ \t]{0,3}(?:(?:is|was|would be|must be|should be)(?!\w)|[:=])"
    r"|\bI(?:'d| would| will|'ll)?[ \t](?:choose|pick|select|go with|say|vote for)(?!\w)",
    re.IGNORECASE,
)
DOUBTED = re.compile(
    r"\b(?:if|whether|not|wrong|incorrect|unlikely|alternative|other|another|example|never)\b[^.!?\n]{0,25}$"
    r"|n't\b[^.!?\n]{0,25}$|\bno[ \t]$",
    re.IGNORECASE,
)
LEAD = re.compile(r"[\s\"'(\[{:=#>_]*(?:-[ \t])?(?:(?:option|choice|letter)[ \t]{1,2})?[\"'(\[{]*", re.IGNORECASE)
AFTER_TEXT = re.compile(
    r"[ \t]{0,2}(?:clockwise(?!\w))?[ \t]{0,2}(?:$|[.,;:!)\]}\"'<\n]|(?:because|since|as|for|from|due|so|when)\b)", re.IGNORECASE
)
AFTER_LETTER = re.compile(
    r"[)\]}\"']{0,3}[ \t]{0,2}(?:$|\n|[.,;!)\]}\"'<](?![\w.])"
    r"|(?:because|since|as|due)(?![\w-])|is (?:the )?(?:correct|right|answer|best)\b)"
)
CLOSED = re.compile(r"[)\]}\"'.,:;!<]{0,4}\s*(?:$|\n|<)")
LABEL = re.compile(r"(?<!\w)\(?([A-Z])[.):][ \t]{0,3}")
OTHER_LETTER = re.compile(r"(?:(?:or|and)[ \t])?\(?[A-Z](?=[).:,;/\"'\]}]|\s*$|[ \t](?:or|and)\b)")
ALTERNATIVE = re.compile(r"(?:or\b|/|and also\b)", re.IGNORECASE)
DENIED = re.compile(
    r"\b(?:not|never|neither|nor|no|cannot|without|rather than|instead of|unlike|except|opposite|wrong|incorrect|false|minus"
    r"|negative|excludes?|excluding|rules? out|ruled out)\b|n't\b",
    re.IGNORECASE,
)
CHANGED = re.compile(  # before an option: what makes another amount, or another thing's direction, of it
    r"\b(?:(?:more|less|greater|fewer|smaller|larger|bigger|further|other) than|at (?:least|most)|up to|under|over|above|below"
    r"|beyond|within|nearest|every|each|exceed(?:s|ing)?|(?:any(?:thing|where)|every(?:thing|where)|all) but|hardly|scarcely"
    r"|(?:twice|thrice|double|triple|half|multiples?|steps?|increments?|intervals?)(?: of)?|two|three|four|five|hundred and)"
    r"[ \t]{1,3}(?:(?:about|around|the|a)[ \t])?$"
    r"|\bbetween\b[^.;!?\n]{0,20}$|\d[ \t]{0,2}(?:to|and|or|[-,/&+])[ \t]{0,2}$"
    r"|(?:[<>\u2264\u2265\u00b1\u00d7/+]|[<>]=)[ \t]{0,2}$"
    r"|\b(?:camera|viewer|observer|photographer)[ \t](?:is|was|stands|sits)\b[^.;!?\n]{0,15}$",
    re.IGNORECASE,
)
UNDONE = re.compile(  # after an option, in its sentence
    r"[^.!?\n]{0,60}\b(?:doubt|wrong|incorrect|false|mistaken|untrue)\b|[ \t]as the (?:camera|viewer)\b", re.IGNORECASE
)
GREATER = re.compile(r"(?<!=)>=?[ \t]{0,2}$")
CLAUSE = re.compile(r"[.;!?\n]|\bbut\b", re.IGNORECASE)
HEDGED = re.compile(
    r"\b(?:maybe|perhaps|possibly|probably|might|may|could|either|or|unless|whether|if|unsure|guess|not sure)\b|\?", re.IGNORECASE
)
REVERSED = re.compile(
    r"\b(?:wait|actually|correction|hmm+|on second thought|scratch that|i meant?|oops|my mistake"
    r"|disregard|ignore|kidding|joking|or rather|I doubt)\b"
    r"|\?[ \t]{0,2}no\b",
    re.IGNORECASE,
)
UNSURE = re.compile(
    r"\b(?:cannot|unable|impossible|unclear|unknown|not sure|unsure|no way|hard to|difficult to|not possible)\b", re.IGNORECASE
)
NUMBER = re.compile(r"(\d{1,3})(?![\w]|[.,]\d)")
LETTER = re.compile(r"([A-Za-z])(?!\w|'\w)")
