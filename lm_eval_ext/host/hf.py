"""``hf-ext``, ``hf-multimodal-ext``: lm-eval's Hugging Face classes that know their documents and score answers to pictures."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from lm_eval.models.utils import resize_image
from tqdm import tqdm

from lm_eval_ext.errors import InputError
from lm_eval_ext.host.arguments import refusing_unknown
from lm_eval_ext.host.documents import KnowsDocuments, documents_of
from lm_eval_ext.host.hf_probes import Probed
from lm_eval_ext.host.mixed import by_kind, has_pictures
from lm_eval_ext.host.probes import Asked, RunProbe
from lm_eval_ext.host.recipes import probed
from lm_eval_ext.likelihoods import answer_tokens, check_tail

if TYPE_CHECKING:
    from transformers import BatchEncoding

    # lm-eval registers its models with a decorator that hides their types from a checker
    HFLM = HFMultimodalLM = Any
else:
    from lm_eval.models.hf_vlms import HFMultimodalLM
    from lm_eval.models.huggingface import HFLM


def join_processes() -> None:
    """Let ``accelerate`` see that it was launched with several processes on a machine without an accelerator.

    It takes part in a CPU run only when told so by this variable, and otherwise leaves every process alone with all the work.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) > 1 and not torch.accelerator.is_available():
        os.environ.setdefault("ACCELERATE_USE_CPU", "true")


def share_work(model: Any) -> None:
    """Let each process answer its part of the questions; lm-eval itself shares them only among the GPUs of a machine."""
    accelerator: Any = getattr(model, "accelerator", None)
    if accelerator is not None and model.world_size == 1:
        model._rank, model._world_size = accelerator.process_index, accelerator.num_processes  # noqa: SLF001


class _KnowsTextDocuments(Probed, KnowsDocuments):
    """What both classes add to lm-eval's: documents of text prompts, probes, and work shared among CPU processes too.

    Args:
        pretrained: Model name or folder.
        probe: Recipe: a YAML file, or the name of one of the package's.
        probe_output: Folder for what the recipe measures; without it, beside lm-eval's results.
        **kwargs: Of lm-eval's class.
    """

    model_name: ClassVar[str]
    """As given to ``--model``."""

    def __init__(self, pretrained: Any, *, probe: str | None = None, probe_output: str | None = None, **kwargs: Any) -> None:
        run = None if probe is None else RunProbe(str(probe), probe_output)
        join_processes()
        with refusing_unknown(self.model_name, kwargs):
            super().__init__(pretrained, **kwargs)
        share_work(self)
        if run is not None:
            self.use_probe(run)

    def _model_generate(self, context: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
        generate = super()._model_generate
        mask: torch.Tensor = kwargs["attention_mask"]
        return self.generating(context, mask, kwargs["stop"], lambda: generate(context, *args, **kwargs))

    def tok_batch_encode(self, strings: Sequence[str], *args: Any, **kwargs: Any) -> Any:
        """Encode the prompts of the text-only batch that is generated next."""
        self.current_documents = documents_of(strings)
        self._asked = [getattr(string, "request", None) for string in strings]
        return super().tok_batch_encode(list(strings), *args, **kwargs)


class HFExt(_KnowsTextDocuments, HFLM):
    """``--model hf-ext``: ``hf`` with ``current_documents``; it shares work among CPU processes too."""

    model_name = "hf-ext"


class HFMultimodalExt(_KnowsTextDocuments, HFMultimodalLM):
    """``--model hf-multimodal-ext``: ``hf-multimodal`` with ``current_documents`` and log-likelihoods of answers to pictures.

    A prompt that is too long is refused: ``hf-multimodal`` would cut it, and with it tokens that stand for the picture.
    """

    model_name = "hf-multimodal-ext"

    def tok_batch_multimodal_encode(
        self, strings: Sequence[str], images: Any, padding_side: str = "left", left_truncate_len: int | None = None, **kwargs: Any
    ) -> "BatchEncoding":
        """Encode the prompts and pictures of a batch.

        Raises:
            InputError: A prompt takes more than ``left_truncate_len`` tokens.
        """
        self.current_documents = documents_of(strings)
        self._asked = [getattr(string, "request", None) for string in strings]
        encoding: Any = super().tok_batch_multimodal_encode(list(strings), images, padding_side=padding_side, **kwargs)
        room = self.max_length if left_truncate_len is None else left_truncate_len
        longest = int(encoding["attention_mask"].sum(1).max())
        if longest > room:
            raise InputError(
                f"A prompt takes {longest} tokens with its pictures, and there is room for {room}. "
                "Give smaller pictures (--model_args image_max_side=…) or a larger --model_args max_length=…"
            )
        return encoding

    def _model_multimodal_generate(self, inputs: Any, max_length: int, stop: Sequence[str], **kwargs: Any) -> Any:
        generate = super()._model_multimodal_generate
        ids, mask = inputs["input_ids"], inputs["attention_mask"]
        return self.generating(ids, mask, stop, lambda: generate(inputs, max_length, stop, **kwargs))

    @probed
    @by_kind
    def loglikelihood(self, requests: Sequence[Any], disable_tqdm: bool = False) -> list[tuple[float, bool]]:
        """Log-probability of each continuation after its context and pictures, and whether greedy decoding would give it."""
        if not has_pictures(requests[0]):
            return super().loglikelihood(list(requests), disable_tqdm=disable_tqdm)
        self.require_spans_of_prompts(requests)
        step = int(self.batch_size)
        answers: list[tuple[float, bool]] = []
        with tqdm(total=len(requests), disable=disable_tqdm or self.rank != 0, desc="Log-likelihoods with pictures") as bar:
            for start in range(0, len(requests), step):
                batch = requests[start : start + step]
                answers += self._score(batch)
                bar.update(len(batch))
        for request, answer in zip(requests, answers, strict=True):
            self.cache_hook.add_partial("loglikelihood", request.args, answer)
        return answers

    def _score(self, batch: Sequence[Any]) -> list[tuple[float, bool]]:
        tails = [answer_tokens(lambda text: self.tokenizer(text)["input_ids"], *request.args[:2]) for request in batch]
        pictures = [[self._resized(picture) for picture in request.args[2]["visual"]] for request in batch]
        texts = [request.args[0] + request.args[1] for request in batch]
        encoding = self.tok_batch_multimodal_encode(texts, pictures, padding_side="right")
        precision = self.mixed_precision_dtype
        rows = zip(batch, encoding["input_ids"], encoding["attention_mask"], tails, strict=True)
        asked = [[Asked(one, ids[mask.bool()].tolist(), int(mask.sum()) - len(tail))] for one, ids, mask, tail in rows]
        with (
            self.measuring(asked, "right"),
            torch.inference_mode(),
            torch.autocast(self.device.type, dtype=precision, enabled=precision is not None),
        ):
            logits = self.model(**encoding).logits
        rows = zip(encoding["input_ids"], encoding["attention_mask"], logits, tails, strict=True)
        return [score_tail(ids, mask, row, tail) for ids, mask, row, tail in rows]

    def _resized(self, picture: Any) -> Any:
        return resize_image(picture, self.image_width, self.image_height, self.image_max_side)


def score_tail(ids: torch.Tensor, mask: torch.Tensor, logits: torch.Tensor, tail: Sequence[int]) -> tuple[float, bool]:
    """Log-probability of the last ``tail`` tokens of one row, and whether each of them is the likeliest.

    Args:
        ids: Token numbers of the row, padding included; shape (positions).
        mask: 1 where a position is not padding; shape (positions).
        logits: Of the next token; shape (positions, vocabulary).
        tail: Tokens that are scored.

    Raises:
        InputError: The row does not end with ``tail``.
    """
    positions = mask.nonzero()[:, 0]
    check_tail(ids[positions].tolist(), tail)
    target = ids[positions[-len(tail) :]]
    log_probs = logits[positions[-len(tail) - 1 : -1]].float().log_softmax(-1)
    total = log_probs.gather(-1, target[:, None]).sum()
    return float(total), bool((log_probs.argmax(-1) == target).all())
