"""Layouts of published sets: small descriptions (YAML) of where questions, answers and pictures stand, and their readers.

To read a set that is arranged otherwise, write a description; nothing here needs to be changed.
"""

from lm_eval_ext.orientation.layouts.description import (
    LAYOUT_FILE,
    FactorColumn,
    Layout,
    ScriptLayout,
    TableLayout,
    dump_layout,
    read_layout,
)
from lm_eval_ext.orientation.layouts.pictures import open_picture
from lm_eval_ext.orientation.layouts.recognise import find_layout, read_folder
from lm_eval_ext.orientation.layouts.records import PublishedSet, Record, Totals

__all__ = [
    "LAYOUT_FILE",
    "FactorColumn",
    "Layout",
    "PublishedSet",
    "Record",
    "ScriptLayout",
    "TableLayout",
    "Totals",
    "dump_layout",
    "find_layout",
    "open_picture",
    "read_folder",
    "read_layout",
]
