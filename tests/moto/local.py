"""A local stack of a test's own: real servers and real functions, started as docs say, in a folder of its own and on free ports."""

import json
import os
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from stack import ROOT, must


def free_port() -> int:
    """A port that nobody has now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextmanager
def stack() -> Iterator[dict]:
    """The endpoints of a running stack; it is ended, and its data removed, at the end."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "HWANYUL_STACK_DIR": folder}
        for name in ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
            environment.pop(name, None)

        def run(command: str, *arguments: str) -> str:
            done = subprocess.run([ROOT / "localstack" / command, *arguments], env=environment, capture_output=True, text=True, check=False)
            must(done.returncode == 0, f"./localstack/{command}: {done.stdout}{done.stderr}")
            return done.stdout

        run("up", "--no-build", "--console", "off", "--api-port", str(free_port()))
        try:
            status = json.loads(run("status", "--json"))
            yield status["endpoints"]
        finally:
            run("down")
