"""``vllm-ext`` and ``vllm-vlm-ext``: lm-eval's vLLM classes that know their documents and score answers to pictures."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lm_eval.models.utils import resize_image
from tqdm import tqdm

from lm_eval_ext.host.arguments import refusing_unknown
from lm_eval_ext.host.documents import KnowsDocuments, Tokens, carrying, documents_of
from lm_eval_ext.host.mixed import by_kind, has_pictures
from lm_eval_ext.host.recipes import probed
from lm_eval_ext.host.vllm_probes import Probed
from lm_eval_ext.likelihoods import answer_tokens, check_tail

if TYPE_CHECKING:
    # lm-eval registers its models with a decorator that hides their types from a checker
    VLLM = VLLM_VLM = Any
else:
    from lm_eval.models.vllm_causallms import VLLM
    from lm_eval.models.vllm_vlms import VLLM_VLM


class _KnowsTextDocuments(Probed, KnowsDocuments, VLLM):
    """Text prompts reach vLLM as token lists, so these carry the requests."""

    def tok_encode(self, string: Any, *args: Any, **kwargs: Any) -> Any:
        """Encode one text, or several whose token lists then carry their requests."""
        encoded = super().tok_encode(string, *args, **kwargs)
        if isinstance(string, str):
            return encoded
        return [carrying(Tokens(tokens), text) for tokens, text in zip(encoded, string, strict=True)]

    def _model_generate(self, requests: Any, *args: Any, **kwargs: Any) -> Any:
        self.current_documents = documents_of(requests)
        return super()._model_generate(requests, *args, **kwargs)


class VLLMExt(_KnowsTextDocuments):
    """``--model vllm-ext``: ``vllm`` with ``current_documents`` and probes."""

    def __init__(self, pretrained: str, **kwargs: Any) -> None:
        with refusing_unknown("vllm-ext", kwargs):
            super().__init__(pretrained, **kwargs)


class VLLMVLMExt(_KnowsTextDocuments, VLLM_VLM):
    """``--model vllm-vlm-ext``: ``vllm-vlm`` with ``current_documents``, probes, and log-likelihoods of answers to pictures."""

    def __init__(self, pretrained: str, **kwargs: Any) -> None:
        with refusing_unknown("vllm-vlm-ext", kwargs):
            super().__init__(pretrained, **kwargs)

    def tok_batch_multimodal_encode(self, strings: Sequence[str], images: Any, *args: Any, **kwargs: Any) -> Any:
        """Make vLLM's prompts of the batch that is generated next."""
        self.current_documents = documents_of(strings)
        self._asked = [getattr(string, "request", None) for string in strings]
        return super().tok_batch_multimodal_encode(list(strings), images, *args, **kwargs)

    @probed
    @by_kind
    def loglikelihood(self, requests: Sequence[Any], disable_tqdm: bool = False) -> list[tuple[float, bool]]:
        """Log-probability of each continuation after its context and pictures, and whether greedy decoding would give it."""
        if not has_pictures(requests[0]):
            return super().loglikelihood(list(requests), disable_tqdm=disable_tqdm)
        self.require_spans_of_prompts(requests)
        step = len(requests) if self.batch_size == "auto" else int(self.batch_size)
        answers: list[tuple[float, bool]] = []
        for start in tqdm(range(0, len(requests), step), disable=disable_tqdm, desc="Log-likelihoods with pictures"):
            answers += self._score(requests[start : start + step])
        for request, answer in zip(requests, answers, strict=True):
            self.cache_hook.add_partial("loglikelihood", request.args, answer)
        return answers

    def _score(self, batch: Sequence[Any]) -> list[tuple[float, bool]]:
        tails = [answer_tokens(lambda text: self.tokenizer(text).input_ids, *request.args[:2]) for request in batch]
        pictures = [[self._resized(picture) for picture in request.args[2]["visual"]] for request in batch]
        prompts = self.tok_batch_multimodal_encode([request.args[0] + request.args[1] for request in batch], pictures)
        with self.scoring_tails(batch, tails):
            outputs: list[Any] = self._multimodal_model_generate(prompts, generate=False)
        return [self._score_tail(output, tail) for output, tail in zip(outputs, tails, strict=True)]

    def _score_tail(self, output: Any, tail: Sequence[int]) -> tuple[float, bool]:
        ids: list[int] = output.prompt_token_ids
        check_tail(ids, tail)
        return self._parse_logprobs(ids, output, ctxlen=len(ids) - len(tail))

    def _resized(self, picture: Any) -> Any:
        return resize_image(picture, self.image_width, self.image_height, self.image_max_side)
