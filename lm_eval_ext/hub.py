"""Published data sets from the Hugging Face hub, at a pinned revision."""

from collections.abc import Sequence
from pathlib import Path

from lm_eval_ext.errors import InputError


def fetch_dataset(name: str, revision: str, patterns: Sequence[str] | None = None) -> Path:
    """Folder of a data set in the hub's cache; the folder's name is the full commit.

    Args:
        name: ``owner/name``.
        revision: Commit.
        patterns: Files wanted, as globs; all when None.

    Raises:
        InputError: The hub can't be reached and the cache doesn't hold the data set.
    """
    import huggingface_hub
    from huggingface_hub.errors import HfHubHTTPError

    try:
        return Path(
            huggingface_hub.snapshot_download(
                name, repo_type="dataset", revision=revision, allow_patterns=list(patterns) if patterns else None
            )
        )
    except (OSError, HfHubHTTPError) as error:
        raise InputError(
            f"source='hub': {name} at {revision} can't be had from the hub ({type(error).__name__}). "
            'For items made on demand give --metadata \'{"source": "generated"}\', '
            'for a folder --metadata \'{"source": "local", "root": "FOLDER"}\'.'
        ) from None
