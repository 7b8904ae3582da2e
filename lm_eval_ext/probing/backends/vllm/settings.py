"""Settings of a vLLM engine under which probes see what the model computes, and refusal of all others."""

import os
from collections.abc import Mapping
from typing import Any, NamedTuple

from lm_eval_ext.errors import InputError

EXTENSION = "lm_eval_ext.probing.backends.vllm.worker.ProbeWorkerExtension"
"""Class that vLLM adds to its workers."""
V2_RUNNER = "VLLM_USE_V2_MODEL_RUNNER"
"""Environment variable with which vLLM chooses its model runner."""


class Setting(NamedTuple):
    """An argument of the engine that probes need to have one value.

    Attributes:
        name: As given to ``vllm.LLM``.
        needed: The value under which probes work.
        reason: Why no other does.
    """

    name: str
    needed: Any
    reason: str


NEEDED = (
    Setting("enforce_eager", True, "in compiled graphs the probe is never called"),
    Setting("enable_prefix_caching", False, "cached positions are not computed, and changed ones would reach other requests"),
    Setting("kv_cache_dtype", "auto", "with keys stored in another type, attention sees other keys than the model made"),
    Setting("data_parallel_size", 1, "those engines run in processes whose measurements do not come back"),
    Setting("pipeline_parallel_size", 1, "layers would be spread over processes; use tensor_parallel_size"),
    Setting("prefill_context_parallel_size", 1, "the tokens of a prompt would be spread over processes"),
    Setting("decode_context_parallel_size", 1, "the keys of a request would be spread over processes"),
    Setting("enable_dbo", False, "a batch would run in parts"),
    Setting("async_scheduling", False, "a step is begun before it is known whether a request has ended"),
    Setting("speculative_config", None, "guessed tokens are computed and thrown away"),
    Setting("worker_extension_cls", EXTENSION, "vLLM takes one extension of its workers"),
)
SET = ("enforce_eager", "enable_prefix_caching", "async_scheduling", "worker_extension_cls")
"""Those of them that vLLM would not choose by itself."""


def engine_arguments(given: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments for ``vllm.LLM`` (or lm-eval's vLLM classes) with what probes need filled in.

    Also chooses vLLM's V1 model runner for this process and those it starts; the engine reads that from the environment.

    Args:
        given: The user's arguments; what they do not say is set.

    Raises:
        InputError: An argument, or the environment, asks for what probes cannot work with.

    Example:
        >>> engine_arguments({"max_model_len": 256})["enable_prefix_caching"]
        False
        >>> engine_arguments({"enforce_eager": False})
        Traceback (most recent call last):
        lm_eval_ext.errors.InputError: enforce_eager=False does not go with a probe: in compiled graphs the probe is never called.
            Give enforce_eager=True, or leave it out.
    """
    for setting in NEEDED:
        if setting.name in given and given[setting.name] != setting.needed:
            raise InputError(_refusal(setting, given[setting.name]))
    if os.environ.get(V2_RUNNER, "0") != "0":
        raise InputError(
            f"{V2_RUNNER}={os.environ[V2_RUNNER]} does not go with a probe: that runner does not tell which request a token "
            f"belongs to. Set {V2_RUNNER}=0."
        )
    os.environ[V2_RUNNER] = "0"
    return {**{setting.name: setting.needed for setting in NEEDED if setting.name in SET}, **given}


def check_engine(llm: Any) -> None:
    """Make sure that a started engine has the settings that probes need.

    Args:
        llm: A ``vllm.LLM``.

    Raises:
        InputError: It has not.
    """
    config = llm.llm_engine.vllm_config
    parallel, cache, model = config.parallel_config, config.cache_config, config.model_config
    found = {
        "enforce_eager": model.enforce_eager,
        "enable_prefix_caching": bool(cache.enable_prefix_caching),
        "kv_cache_dtype": str(cache.cache_dtype),
        "data_parallel_size": parallel.data_parallel_size,
        "pipeline_parallel_size": parallel.pipeline_parallel_size,
        "prefill_context_parallel_size": getattr(parallel, "prefill_context_parallel_size", 1),
        "decode_context_parallel_size": getattr(parallel, "decode_context_parallel_size", 1),
        "enable_dbo": bool(getattr(parallel, "enable_dbo", False)),
        "async_scheduling": bool(config.scheduler_config.async_scheduling),
        "speculative_config": config.speculative_config,
        "worker_extension_cls": parallel.worker_extension_cls,
    }
    for setting in NEEDED:
        if found[setting.name] != setting.needed:
            raise InputError(_refusal(setting, found[setting.name]))
    if getattr(config, "use_v2_model_runner", False):
        raise InputError(f"vLLM's V2 model runner does not go with a probe. Set {V2_RUNNER}=0 before the engine is started.")
    if model.use_mla:
        raise InputError(
            f"{model.model} uses multi-head latent attention, which has no keys per head: probes on vLLM do not cover it. "
            "Use the Hugging Face backend."
        )


def _refusal(setting: Setting, given: Any) -> str:
    way = "Leave it out." if setting.name == "worker_extension_cls" else f"Give {setting.name}={setting.needed}, or leave it out."
    return f"{setting.name}={given} does not go with a probe: {setting.reason}. {way}"
