"""Attaching a probe to a Hugging Face model, and taking it off again whatever happens."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

from lm_eval_ext.errors import InputError
from lm_eval_ext.probing import interventions
from lm_eval_ext.probing.backends.hf.examine import examine
from lm_eval_ext.probing.backends.hf.hooks import hooked
from lm_eval_ext.probing.backends.hf.locate import locate
from lm_eval_ext.probing.backends.hf.running import Padding, Running
from lm_eval_ext.probing.captures import Captures
from lm_eval_ext.probing.measurements import Measurement
from lm_eval_ext.probing.rows import Row
from lm_eval_ext.probing.sites import Architecture, Site


class Probe:
    """A probe that is attached to a model.

    Attributes:
        architecture: What the model has to probe.
        sites: Those that the probe is attached to.
    """

    def __init__(self, architecture: Architecture, sites: Sequence[Site]) -> None:
        self.architecture = architecture
        self.sites = tuple(sites)
        self.running: Running | None = None

    @contextmanager
    def batch(
        self, rows: Sequence[Row], measurements: Sequence[Measurement] = (), *, padding: Padding = "left"
    ) -> Generator[Captures]:
        """Change and measure what the model runs inside: one batch, in one forward pass or in several that go on with its cache.

        Everything outside of such a context runs as if there were no probe.

        Args:
            rows: In the order of the batch.
            measurements: Taken of every measured row, after interventions at the same place.
            padding: On which side shorter rows are padded; a mask is not needed on the right.

        Yields:
            Captures: Complete when the context ends.

        Raises:
            InputError: Something does not exist in this model or row; another batch is under way; or a place that was to be
                changed or measured was never passed.
        """
        if self.running is not None:
            raise InputError("a batch is under way on this model. End it before the next one.")
        self._check(rows, measurements)
        captures = Captures(tuple(measurements))
        running = self.running = Running(rows, captures, self.architecture, padding)
        try:
            yield captures
        finally:
            self.running = None
        silent = sorted(running.places - running.fired, key=lambda place: (place.layer, place.site))
        if silent:
            site, layer = silent[0]
            raise InputError(
                f"site {site} of layer {layer} was selected and never passed ({len(silent)} such places). "
                "Run the model inside the batch, all of its layers, and not as a compiled graph."
            )

    def _check(self, rows: Sequence[Row], measurements: Sequence[Measurement]) -> None:
        if not rows:
            raise InputError("a batch has no rows. Give one per sequence that runs.")
        if len({row.key for row in rows}) < len(rows):
            raise InputError("two rows of a batch have one key. Give each its own.")
        for measurement in measurements:
            self._require(measurement.site)
            measurement.check(self.architecture)
        for row in rows:
            for one in row.interventions:
                self._require(one.site)
                interventions.check(one, self.architecture)
            measured = measurements if row.measured else ()
            places = [what.positions for what in (*row.interventions, *measured)]
            for positions in (*places, *(span for one in measured for span in one.spans)):
                row.select(positions, "both", 0, row.given)  # says what a row does not have

    def _require(self, site: Site) -> None:
        self.architecture.require(site)
        if site not in self.sites:
            raise InputError(f"the probe is attached to sites {', '.join(self.sites)}, not to {site!r}. Name it when attaching.")


@contextmanager
def attached(model: Any, sites: Sequence[Site]) -> Generator[Probe]:
    """Attach a probe to a model.

    A forward pass of three tokens proves that every site is passed in every layer. Outside of ``Probe.batch`` the model computes
    what it computes without a probe, bit by bit, and so it does inside where nothing is changed.

    Args:
        model: A ``PreTrainedModel`` with a text decoder; of a vision-language model the text decoder is probed.
        sites: That will be measured or changed.

    Yields:
        Probe: Attached until the context ends, by success, exception or interrupt.

    Raises:
        InputError: The model or its attention implementation cannot be probed, or lacks one of the sites.

    Example:
        >>> import torch
        >>> from transformers import LlamaConfig, LlamaForCausalLM
        >>> model = LlamaForCausalLM(LlamaConfig(vocab_size=32, hidden_size=16, intermediate_size=24, num_hidden_layers=2,
        ...                                      num_attention_heads=4, num_key_value_heads=2)).eval()
        >>> stream = Measurement(name="stream", site="resid_post", layers=(0, 1), positions="last")
        >>> with attached(model, ["resid_post"]) as probe:
        ...     with probe.batch([Row(key="first", given=3, prompt=3)], [stream]) as captures:
        ...         _ = model(torch.tensor([[5, 6, 7]]))
        >>> captures.get("stream", "first", 1).shape
        (1, 16)
    """
    located = locate(model)
    architecture = examine(model, located)
    for site in sites:
        architecture.require(site)
    probe = Probe(architecture, sites)
    with hooked(located, lambda: probe.running, attention=bool({"z", "attn"} & {*sites})):
        yield probe
