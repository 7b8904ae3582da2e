"""Scenes and pictures as pixels.

``render`` is one scene without marks; ``draw`` is the picture as the model sees it; ``draw_cached`` and ``draw_many`` keep what
was drawn on disk, named by the hash of its spec.
"""

from lm_eval_ext.files import cache_folder
from lm_eval_ext.orientation.cache import cached_path, draw_cached, draw_many
from lm_eval_ext.orientation.drawing import draw
from lm_eval_ext.orientation.raytrace import render

__all__ = ["cache_folder", "cached_path", "draw", "draw_cached", "draw_many", "render"]
