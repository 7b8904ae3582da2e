"""A chat server with OpenAI's interface around a vision-language model in a folder: what API users of lm-eval talk to.

    python -m tests.host.chat_server FOLDER LOG

It listens on a free port of the loopback and prints its address. Every request leaves a line of JSON in LOG: what the model read,
what it saw, what it said.
"""

import base64
import hashlib
import io
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from transformers import AutoModelForImageTextToText, AutoProcessor

PLACE = "<image>"
PREFIX = "data:image/png;base64,"


class BadRequestError(Exception):
    """The client asks for what a server of this kind does not do."""


def pixels(picture: Image.Image) -> str:
    """Size and hash of a picture's pixels."""
    return f"{picture.width}x{picture.height} {hashlib.sha256(picture.convert('RGB').tobytes()).hexdigest()}"


def read_picture(part: dict[str, Any]) -> Image.Image:
    """The picture of an ``image_url`` part; only a PNG inside the request is accepted."""
    url = part["image_url"]["url"]
    if not url.startswith(PREFIX):
        raise BadRequestError(f"image_url must begin with {PREFIX}")
    return Image.open(io.BytesIO(base64.b64decode(url.removeprefix(PREFIX), validate=True))).convert("RGB")


def split(content: str | list[dict[str, Any]]) -> tuple[str, list[Image.Image]]:
    """Text and pictures of a message. As in vLLM's server, a picture whose place the text does not name stands before it."""
    if isinstance(content, str):
        return content, []
    unknown = {part["type"] for part in content} - {"text", "image_url"}
    if unknown:
        raise BadRequestError(f"parts of type {sorted(unknown)} are unknown")
    pictures = [read_picture(part) for part in content if part["type"] == "image_url"]
    text = "\n".join(part["text"] for part in content if part["type"] == "text")
    if text.count(PLACE) > len(pictures):
        raise BadRequestError(f"{text.count(PLACE)} places for {len(pictures)} pictures")
    return f"{PLACE}\n" * (len(pictures) - text.count(PLACE)) + text, pictures


class Chat:
    """The model, one request at a time."""

    def __init__(self, folder: str, log: Path) -> None:
        self.processor = AutoProcessor.from_pretrained(folder)
        self.model = AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32).eval()
        self.log, self.lock = log, threading.Lock()

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """OpenAI's ``chat.completion`` object for a request."""
        messages, pictures = [], []
        for message in request["messages"]:
            text, seen = split(message["content"])
            messages.append({"role": message["role"], "content": text})
            pictures += seen
        prompt = self.processor.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
        with self.lock:
            said = self._generate(prompt, pictures, request)
            record = {"prompt": prompt, "pictures": [pixels(picture) for picture in pictures], "said": said}
            with self.log.open("a", encoding="utf-8") as file:
                file.write(json.dumps(record) + "\n")
        reply = {"role": "assistant", "content": said}
        choices = [{"index": 0, "message": reply, "finish_reason": "stop"}]
        return {"id": "chat", "object": "chat.completion", "created": 0, "model": request["model"], "choices": choices}

    def _generate(self, prompt: str, pictures: list[Image.Image], request: dict[str, Any]) -> str:
        if request.get("temperature", 1) != 0:
            raise BadRequestError("only temperature 0 is served")
        inputs = self.processor(text=[prompt], images=pictures or None, return_tensors="pt")
        stops = list(request.get("stop") or [])
        with torch.inference_mode():
            rows = self.model.generate(
                **inputs,
                max_new_tokens=request["max_tokens"],
                do_sample=False,
                stop_strings=stops or None,
                tokenizer=self.processor.tokenizer,
            )
        said = self.processor.tokenizer.decode(rows[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True)
        for stop in stops:
            said = said.split(stop)[0]
        return said


class Handler(BaseHTTPRequestHandler):
    """POST /v1/chat/completions."""

    chat: Chat

    def do_POST(self) -> None:
        """Answer with the model's reply, or with what is wrong."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            if self.path != "/v1/chat/completions":
                raise BadRequestError(f"{self.path} is not served")
            self._reply(200, self.chat.answer(json.loads(body)))
        except (BadRequestError, KeyError, ValueError) as error:
            self._reply(400, {"error": {"message": repr(error)}})

    def _reply(self, status: int, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing: the log has what tests need."""


def main() -> None:
    """Serve until killed."""
    Handler.chat = Chat(sys.argv[1], Path(sys.argv[2]))
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    sys.stdout.write(f"http://127.0.0.1:{server.server_port}/v1/chat/completions\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
