"""Pictures made worse on purpose: five kinds, each at severities 0 to 5, with severity 0 as the null.

The idea of five severities is that of Hendrycks & Dietterich 2019, arXiv:1903.12261; the parameters are this package's own, all
in ``PARAMETERS``. The same picture, degradation and name give the same bytes on one machine. On another one, ``jpeg`` may differ
in the last bits where Pillow is built with another JPEG codec; the other kinds use integer filters or exact arithmetic of numpy.
"""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, get_args

from lm_eval_ext.seeding import digest

if TYPE_CHECKING:
    from PIL.Image import Image

DegradationKind = Literal["blur", "jpeg", "noise", "contrast", "downscale"]
KINDS: tuple[DegradationKind, ...] = get_args(DegradationKind)
SEVERITIES = (0, 1, 2, 3, 4, 5)

PARAMETERS: Mapping[DegradationKind, tuple[float, ...]] = MappingProxyType(
    {
        "blur": (1.0, 2.0, 3.0, 4.5, 6.5),
        "jpeg": (40.0, 20.0, 12.0, 7.0, 3.0),
        "noise": (10.0, 20.0, 35.0, 55.0, 80.0),
        "contrast": (0.7, 0.5, 0.35, 0.2, 0.1),
        "downscale": (0.6, 0.4, 0.25, 0.15, 0.08),
    }
)
"""Of severities 1 to 5. blur: radius of the Gaussian, in pixels of a picture 256 high (it grows with the height). jpeg: Pillow's
quality. noise: standard deviation of Gaussian noise, in steps of 255, clipped. contrast: share kept of every pixel's distance to
the picture's mean grey. downscale: share of width and height that is kept before going back, both ways bilinear."""


@dataclass(frozen=True, kw_only=True)
class Degradation:
    """How a picture is made worse.

    Attributes:
        kind: One of ``KINDS``.
        severity: 0-5; 0 leaves every pixel as it is.
        seed: Name of the private stream of the noise.
    """

    kind: DegradationKind
    severity: int
    seed: str

    def to_data(self) -> dict[str, Any]:
        """For the key ``degraded`` of a spec."""
        return {"kind": self.kind, "severity": self.severity, "seed": self.seed}


def degrade(image: "Image", degradation: Degradation) -> "Image":
    """The picture, made worse; its size and mode (RGB) stay.

    Raises:
        ValueError: The severity is not 0-5.
    """
    if degradation.severity not in SEVERITIES:
        raise ValueError(f"severity {degradation.severity} is not accepted: {SEVERITIES[0]} to {SEVERITIES[-1]}.")
    if degradation.severity == 0:
        return image.copy()
    amount = PARAMETERS[degradation.kind][degradation.severity - 1]
    return _WAYS[degradation.kind](image, amount, degradation.seed)


def _blur(image: "Image", radius: float, _: str) -> "Image":
    from PIL.ImageFilter import GaussianBlur

    return image.filter(GaussianBlur(radius * image.height / 256))


def _jpeg(image: "Image", quality: float, _: str) -> "Image":
    import PIL.Image

    data = io.BytesIO()
    image.save(data, "JPEG", quality=int(quality))
    with PIL.Image.open(data) as opened:
        return opened.convert("RGB")


def _noise(image: "Image", deviation: float, seed: str) -> "Image":
    import numpy as np
    import PIL.Image

    generator = np.random.Generator(np.random.PCG64(int(digest("dori", "noise", seed), 16)))
    pixels = np.asarray(image, dtype=np.float64)
    noisy = pixels + deviation * generator.standard_normal(pixels.shape)
    return PIL.Image.fromarray(noisy.round().clip(0, 255).astype(np.uint8))


def _contrast(image: "Image", kept: float, _: str) -> "Image":
    from PIL.ImageEnhance import Contrast

    return Contrast(image).enhance(kept)


def _downscale(image: "Image", kept: float, _: str) -> "Image":
    from PIL.Image import Resampling

    small = (max(1, round(image.width * kept)), max(1, round(image.height * kept)))
    return image.resize(small, Resampling.BILINEAR).resize(image.size, Resampling.BILINEAR)


_WAYS: Mapping[DegradationKind, Callable[["Image", float, str], "Image"]] = MappingProxyType(
    {"blur": _blur, "jpeg": _jpeg, "noise": _noise, "contrast": _contrast, "downscale": _downscale}
)
