"""A SageMaker endpoint on this machine: it really serves the package, and fails when told to.

The contract of the container (https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html):
``GET /ping``, ``POST /invocations``; ``/endpoints/<name>/invocations`` is SageMaker Runtime
before it. Bodies are those of TensorFlow Serving's REST interface, row format.
"""

import base64
import json
import tarfile
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow

NAME = "beats"


class Fault(StrEnum):
    """What a request may meet in the place of an answer."""

    SERVER_ERROR = "server error"
    MODEL_ERROR = "model error"
    BAD_INPUT = "bad input"
    THROTTLED = "throttled"
    DENIED = "denied"
    HANGS = "hangs"
    HANGS_UP = "hangs up"
    HALF = "half an answer"
    HALF_CHUNK = "half of a chunk"
    HALF_THEN_HANGS = "half an answer, then nothing"
    TRICKLES = "byte by byte"
    GARBAGE = "garbage"
    ENDLESS = "endless"
    ONE_LESS = "one less"
    NAN = "nan"
    NO_PROBABILITY = "no probability"
    OTHER_VARIANT = "other variant"


ERRORS = {
    Fault.SERVER_ERROR: (500, "InternalFailure", {}),
    Fault.MODEL_ERROR: (424, "ModelError", {"OriginalStatusCode": 502}),
    Fault.BAD_INPUT: (424, "ModelError", {"OriginalStatusCode": 400}),
    Fault.THROTTLED: (400, "ThrottlingException", {}),
    Fault.DENIED: (403, "AccessDeniedException", {}),
}

PARTLY = (Fault.HALF, Fault.HALF_CHUNK, Fault.HALF_THEN_HANGS, Fault.TRICKLES)


class Served:
    """The SavedModel in a package, asked as TensorFlow Serving would ask it."""

    def __init__(self, package: Path, folder: Path) -> None:
        with tarfile.open(package) as archive:
            archive.extractall(folder, filter="data")
        (found,) = folder.glob("*/1/saved_model.pb")
        self._model = tensorflow.saved_model.load(str(found.parent))

    def answer(self, asked: dict[str, Any]) -> list[Any]:
        signature = self._model.signatures[asked.get("signature_name", "serving_default")]
        instances = asked["instances"]
        if isinstance(instances[0], dict):
            given = tensorflow.constant([base64.b64decode(each["b64"]) for each in instances])
        else:
            given = tensorflow.constant(instances, dtype=tensorflow.float32)
        predictions: list[Any] = signature(beats=given)["probabilities"].numpy().tolist()
        return predictions


class Endpoint(ThreadingHTTPServer):
    """``faults`` are met by the next requests, in order; ``asked`` are the requests so far."""

    daemon_threads = True

    def __init__(self, served: Served, variant: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.served, self.variant = served, variant
        self.faults: deque[Fault] = deque()
        self.always: Fault | None = None
        self.asked: list[tuple[dict[str, str], bytes]] = []
        self.stopped = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def heal(self) -> None:
        self.always = None
        self.faults.clear()
        self.asked.clear()

    def next_fault(self) -> Fault | None:
        return self.faults.popleft() if self.faults else self.always


class Handler(BaseHTTPRequestHandler):
    server: Endpoint
    protocol_version = "HTTP/1.1"  # as SageMaker's: connections are kept, chunks are known

    def log_message(self, *_: object) -> None:
        return

    def do_GET(self) -> None:
        self._send(200 if self.path == "/ping" else 404, b"")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path not in ("/invocations", f"/endpoints/{NAME}/invocations"):
            self._fail(400, "ValidationError", {})
            return
        self.server.asked.append((dict(self.headers), body))
        fault = self.server.next_fault()
        if fault in ERRORS:
            self._fail(*ERRORS[fault])
        elif fault is Fault.HANGS:
            self.server.stopped.wait(10)
            self.close_connection = True
        elif fault is Fault.HANGS_UP:
            self.close_connection = True
        else:
            self._answer(json.loads(body), fault)

    def _answer(self, asked: dict[str, Any], fault: Fault | None) -> None:
        predictions = np.array(self.server.served.answer(asked)).tolist()
        if fault is Fault.ONE_LESS:
            predictions.pop()
        elif fault is Fault.NAN:
            predictions[0] = np.full_like(predictions[0], np.nan).tolist()
        elif fault is Fault.NO_PROBABILITY:
            predictions[0] = np.full_like(predictions[0], 1.5).tolist()
        body = json.dumps({"predictions": predictions}).encode()
        if fault is Fault.GARBAGE:
            body = b"<html>502 Bad Gateway</html>"
        elif fault is Fault.ENDLESS:
            body += b" " * (1 << 20)
        variant = "other" if fault is Fault.OTHER_VARIANT else self.server.variant
        if fault in PARTLY:
            self._send_partly(body, variant, fault)
        else:
            self._send(200, body, variant)

    def _send_partly(self, body: bytes, variant: str, fault: Fault | None) -> None:
        chunked = fault is Fault.HALF_CHUNK
        how = ("Transfer-Encoding", "chunked") if chunked else ("Content-Length", str(len(body)))
        self._head(200, variant, "", how)
        if fault is Fault.TRICKLES:
            for byte in body:
                self.wfile.write(bytes([byte]))
                if self.server.stopped.wait(0.05):
                    break
        else:
            start = f"{len(body):x}\r\n".encode() if chunked else b""
            self.wfile.write(start + body[: len(body) // 2])
        if fault is Fault.HALF_THEN_HANGS:
            self.server.stopped.wait(10)
        self.close_connection = True

    def _fail(self, status: int, kind: str, more: dict[str, int]) -> None:
        body = json.dumps({"Message": f"told to: {kind}", "Code": kind, **more}).encode()
        self._send(status, body, kind=kind)

    def _send(self, status: int, body: bytes, variant: str = "", kind: str = "") -> None:
        self._head(status, variant, kind, ("Content-Length", str(len(body))))
        self.wfile.write(body)

    def _head(self, status: int, variant: str, kind: str, length: tuple[str, str]) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header(*length)
        if variant:
            self.send_header("x-Amzn-Invoked-Production-Variant", variant)
        if kind:
            self.send_header("x-amzn-ErrorType", kind)
        self.end_headers()


@contextmanager
def serving(served: Served, variant: str) -> Iterator[Endpoint]:
    """An endpoint on a port of its own choosing."""
    endpoint = Endpoint(served, variant)
    thread = threading.Thread(target=endpoint.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield endpoint
    finally:
        endpoint.stopped.set()
        endpoint.shutdown()
        thread.join()
        endpoint.server_close()
