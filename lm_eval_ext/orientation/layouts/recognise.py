"""Which description a folder fits."""

from importlib import resources
from pathlib import Path
from types import ModuleType

from lm_eval_ext.errors import InputError
from lm_eval_ext.orientation.layouts import jsonl, parquet
from lm_eval_ext.orientation.layouts.description import LAYOUT_FILE, Layout, ScriptLayout, parse_layout, read_layout
from lm_eval_ext.orientation.layouts.paths import Folder
from lm_eval_ext.orientation.layouts.records import PublishedSet
from lm_eval_ext.orientation.layouts.script import read_script
from lm_eval_ext.orientation.layouts.table import read_tables

PACKAGED = ("script", "parquet", "jsonl")
"""Descriptions that come with the package."""
_FORMATS: dict[str, ModuleType] = {".parquet": parquet, ".jsonl": jsonl}
_SHOWN = 12


def packaged_layout(name: str) -> Layout:
    """One of ``PACKAGED``.

    Example:
        >>> packaged_layout("script").kind
        'script'
    """
    text = (resources.files(__package__ or "") / f"{name}.yaml").read_text(encoding="utf-8")
    return parse_layout(text, f"{name}.yaml")


def read_folder(root: Path, layout: Path | None = None) -> PublishedSet:
    """A folder, read with the description that is given or that it fits.

    Raises:
        InputError: The folder is missing, its layout is unknown, or it is not what the description says.
    """
    found, folder = find_layout(root, layout), Folder(root)
    return read_script(folder, found) if isinstance(found, ScriptLayout) else read_tables(folder, found)


def find_layout(root: Path, layout: Path | None = None) -> Layout:
    """The description of a folder: the given one, else the folder's own ``layout.yaml``, else the packaged one that it fits.

    Raises:
        InputError: The folder is missing, or fits no packaged description or several; the line says what was found.
    """
    if not root.is_dir():
        raise InputError(f"root={str(root)!r} is not a folder. Give the one that holds the set: --metadata '{{\"root\": …}}'.")
    if layout is not None:
        return read_layout(layout)
    if (root / LAYOUT_FILE).is_file():
        return read_layout(root / LAYOUT_FILE)
    tables = _tables(Folder(root))
    fitting = [name for name in PACKAGED if _fits(packaged_layout(name), root, tables)]
    if len(fitting) == 1:
        return packaged_layout(fitting[0])
    described = 'Describe yours in a YAML file (tasks/dori/README.md shows one): --metadata \'{"layout": "FILE.yaml"}\''
    if fitting:
        raise InputError(f"{root} has several layouts at once ({' and '.join(fitting)}). Leave one of them. {described}.")
    raise InputError(
        f"{root} has no known layout; found: {_found(root)}{_columns(tables)}. Known: benchmark_exp.json with answer files and "
        "image folders; Parquet or JSONL tables with the columns question, level, text, options, answer and image. "
        f'{described}, or use --metadata \'{{"source": "generated"}}\'.'
    )


def _tables(folder: Folder) -> dict[Path, dict[str, str]]:
    """The tables below the folder with their columns."""
    paths = [folder.file(name, "files") for name in folder.tree() if Path(name).suffix in _FORMATS]
    return {path: _FORMATS[path.suffix].columns(path) for path in paths}


def _fits(layout: Layout, root: Path, tables: dict[Path, dict[str, str]]) -> bool:
    if isinstance(layout, ScriptLayout):
        return (root / layout.config).is_file()
    suffix = Path(layout.files[0]).suffix
    named = [columns for path, columns in tables.items() if path.suffix == suffix]
    return bool(named) and all({*layout.columns(), layout.image} <= set(columns) for columns in named)


def _found(root: Path) -> str:
    names = sorted(path.name + "/" * path.is_dir() for path in root.iterdir())
    return _listed(names) if names else "nothing"


def _columns(tables: dict[Path, dict[str, str]]) -> str:
    """The columns of the first few tables."""
    texts = [f"; {path} has {_listed([f'{name}: {type_}' for name, type_ in held.items()])}" for path, held in tables.items()]
    return "".join(texts[:3])


def _listed(names: list[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
