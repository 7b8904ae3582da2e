"""What vLLM adds to its workers so that they can be probed.

vLLM makes ``ProbeWorkerExtension`` a base of its worker class and calls the methods in every process of an engine. They take and
give text and bytes alone (JSON, safetensors), which mean the same whether the engine runs in this process or in others.
"""

import json
from typing import TYPE_CHECKING, Any

from lm_eval_ext.errors import InputError
from lm_eval_ext.probing.backends.vllm.wire import decode_measurements, decode_requests, encode_architecture, encode_captures

if TYPE_CHECKING:
    from lm_eval_ext.probing.backends.vllm.session import Model, Session


class ProbeWorkerExtension:
    """Methods of a vLLM worker; see ``driver`` for the other side."""

    _probe_session: "Session | None" = None
    _probe_model_found: "Model | None" = None

    def probe_architecture(self) -> str:
        """What the model has to measure, as JSON; or why it cannot be probed, under ``refused``."""
        try:
            return encode_architecture(self._probe_model().architecture)
        except InputError as error:
            return json.dumps({"refused": str(error)})

    def probe_attach(self, requests: str, tensors: bytes, measurements: str) -> None:
        """Attach a probe for the requests that come next; one that is attached comes off before."""
        from lm_eval_ext.probing.backends.vllm.session import Session

        self.probe_remove()
        self._probe_session = Session(self._probe_model(), decode_requests(requests, tensors), decode_measurements(measurements))

    def probe_take(self, made: str) -> tuple[str, bytes]:
        """What happened, as JSON, and what was measured, as a safetensors file.

        Args:
            made: Tokens of each answer by the request's key, as JSON.
        """
        session = self._probe_session
        if session is None:
            raise RuntimeError("no probe is attached to this worker")
        session.finish(json.loads(made))
        keys, arrays = encode_captures(session.captures)
        told = {"complaint": session.complaint, "missed": session.missed(), "unseen": session.unseen(), "keys": keys}
        return json.dumps(told), arrays

    def probe_remove(self) -> None:
        """Take the probe off, if there is one."""
        if self._probe_session is not None:
            self._probe_session.remove()
            self._probe_session = None

    def _probe_model(self) -> "Model":
        from lm_eval_ext.probing.backends.vllm.architecture import describe
        from lm_eval_ext.probing.backends.vllm.locate import seams
        from lm_eval_ext.probing.backends.vllm.session import Model
        from lm_eval_ext.probing.backends.vllm.shards import this_process

        if self._probe_model_found is None:
            worker: Any = self
            runner = worker.model_runner
            found, shards = seams(runner.model), this_process()
            architecture = describe(type(runner.model).__name__, runner.model_config, found, shards.size)
            self._probe_model_found = Model(runner, found, architecture, shards)
        return self._probe_model_found
