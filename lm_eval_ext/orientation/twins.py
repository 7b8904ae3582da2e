"""The kinds of twin: what an item changes of the plain one beside it, named in ``factors["twin"]``."""

from typing import Literal, get_args

Twin = Literal["plain", "mirrored", "rotated", "degraded", "other_view", "other_object"]
"""plain: the item itself. mirrored: the picture mirrored left to right. rotated: the options moved round. degraded: a worse
picture. other_view: the same object posed for another answer. other_object: another object posed for the same answer."""

TWINS: tuple[Twin, ...] = get_args(Twin)
PLAIN, MIRRORED, ROTATED, DEGRADED, OTHER_VIEW, OTHER_OBJECT = TWINS
