"""Published data sets from the Hugging Face hub, at a pinned revision."""

from collections.abc import Sequence
from pathlib import Path
from typing import cast

from lm_eval_ext.errors import InputError

_FULL = 40


def fetch_dataset(name: str, revision: str, patterns: Sequence[str] | None = None) -> Path:
    """Folder of a data set in the hub's cache; the folder's name is the full commit.

    Args:
        name: ``owner/name``.
        revision: Commit, or its first digits where the full one is not known. The hub serves the files of full ones only, so
            the rest is looked up: among the cached commits, then in the repository's history.
        patterns: Files wanted, as globs; all when None.

    Raises:
        InputError: The hub can't be reached and the cache doesn't hold the data set, or no or several commits begin so.
    """
    import huggingface_hub

    try:
        commit = _full_commit(name, revision)
        wanted = list(patterns) if patterns else None
        return Path(huggingface_hub.snapshot_download(name, repo_type="dataset", revision=commit, allow_patterns=wanted))
    except _unreachable() as error:
        raise InputError(
            f"source='hub': {name} at {revision} can't be had from the hub ({type(error).__name__}). "
            'For items made on demand give --metadata \'{"source": "generated"}\', '
            'for a folder --metadata \'{"source": "local", "root": "FOLDER"}\'.'
        ) from None


def _unreachable() -> tuple[type[Exception], ...]:
    """What is raised when the hub or a file of it can't be had."""
    from huggingface_hub.errors import HfHubHTTPError

    # The bases are the errors of whichever HTTP library the hub's client is built on.
    return OSError, *cast("tuple[type[Exception], ...]", HfHubHTTPError.__bases__)


def _full_commit(name: str, revision: str) -> str:
    if len(revision) == _FULL:
        return revision
    found = _cached_commits(name, revision) or _commits(name, revision)
    if len(found) != 1:
        raise InputError(
            f"source='hub': {len(found)} commits of {name} begin with {revision}, so the pinned one is not known. "
            'Fetch the data set by hand and give --metadata \'{"source": "local", "root": "FOLDER"}\'.'
        )
    return found[0]


def _cached_commits(name: str, start: str) -> list[str]:
    from huggingface_hub import constants
    from huggingface_hub.file_download import repo_folder_name

    snapshots = Path(constants.HF_HUB_CACHE) / repo_folder_name(repo_id=name, repo_type="dataset") / "snapshots"
    return [path.name for path in snapshots.glob(f"{start}*") if len(path.name) == _FULL]


def _commits(name: str, start: str) -> list[str]:
    import huggingface_hub

    commits = huggingface_hub.list_repo_commits(name, repo_type="dataset")
    return [commit.commit_id for commit in commits if commit.commit_id.startswith(start)]
