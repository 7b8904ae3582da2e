"""Pictures in logged samples: lm-eval's hash, worked out once for each picture."""

from typing import Any

import lm_eval.utils
from PIL import Image

from lm_eval_ext.host.hashes import hash_pictures_once
from tests.host.requests import picture


def test_a_picture_is_encoded_once_however_often_it_is_logged(monkeypatch: Any) -> None:
    saved: list[int] = []
    save = Image.Image.save

    def counting(self: Image.Image, *args: Any, **kwargs: Any) -> None:
        saved.append(1)
        save(self, *args, **kwargs)

    monkeypatch.setattr(Image.Image, "save", counting)
    monkeypatch.setattr(lm_eval.utils, "convert_pil_to_hash", lm_eval.utils.convert_pil_to_hash)
    hash_pictures_once(lm_eval.utils)
    one, other = picture(1), picture(2)
    logged = lm_eval.utils.hash_dict_images(
        {"arguments": [("a", {"visual": [one]}), ("b", {"visual": [one]}), ("c", {"visual": [other]})]}
    )
    first, second, third = (arguments[1]["visual"][0] for arguments in logged["arguments"])
    assert first == second != third
    assert len(saved) == 2


def test_the_hash_is_lm_evals_own() -> None:
    import hashlib
    from io import BytesIO

    buffer = BytesIO()
    picture(3).save(buffer, format="PNG")
    assert lm_eval.utils.hash_dict_images({"picture": picture(3)}) == {"picture": hashlib.sha256(buffer.getvalue()).hexdigest()}


def test_the_start_up_hook_has_done_it() -> None:
    assert hasattr(lm_eval.utils.convert_pil_to_hash, "__wrapped__")
