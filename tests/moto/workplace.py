"""A copy of what ./deploy needs, which a test deploys from: each program that it starts is recorded with its arguments, and all that it prints is kept."""

import contextlib
import json
import os
import pathlib
import platform
import pty
import select
import shutil
import subprocess
import sys
import time

from aws import DEPLOYER, client
from stack import REGION, ROOT, must

sys.path.insert(0, str(ROOT))
from deployment import template as templates  # noqa: E402

LOADER = "/lib/ld-linux-aarch64.so.1" if platform.machine() == "aarch64" else "/usr/aarch64-linux-gnu/lib/ld-linux-aarch64.so.1"
RECORDED = ("sam", "cargo-lambda", "python3")


class Workplace:
    """A copy of what ./deploy needs, and what was seen of its runs."""

    def __init__(self, folder: pathlib.Path, endpoint: str) -> None:
        self.root, self.tools, self.record = folder / "checkout", folder / "cache/tools/bin", folder / "arguments"
        self.endpoint, self.printed = endpoint, ""
        self.root.mkdir()
        self.tools.mkdir(parents=True)
        for name in ("deploy", "template.yaml", "servers.yaml", "samconfig.toml"):
            shutil.copy(ROOT / name, self.root / name)
        # cargo-lambda reads the workspace before it uploads what is built.
        for name in ("Cargo.toml", "Cargo.lock", "shared", "functions", "localstack", "tests"):
            (self.root / name).symlink_to(ROOT / name)
        shutil.copytree(ROOT / "deployment", self.root / "deployment", ignore=shutil.ignore_patterns("__pycache__"))
        real = pathlib.Path(os.environ.get("HWANYUL_CACHE") or pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache", "hwanyul")) / "tools/bin"
        for name in RECORDED:
            script = self.tools / name
            script.write_text(f'#!/bin/sh\nprintf "%s\\n" "{name} $*" >>"{self.record}"\nexec "{real / name}" "$@"\n')
            script.chmod(0o755)

    def client(self, service: str):
        return client(self.endpoint, service)

    def environment(self) -> dict[str, str]:
        """What ./deploy sees of the machine."""
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.root), "HWANYUL_CACHE": str(self.tools.parents[1]), "AWS_ENDPOINT_URL": self.endpoint}
        environment |= {"AWS_ACCESS_KEY_ID": DEPLOYER, "AWS_SECRET_ACCESS_KEY": "test", "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
        environment |= {name: os.environ[name] for name in ("CARGO_HOME", "RUSTUP_HOME") if name in os.environ}
        environment.setdefault("CARGO_HOME", str(pathlib.Path.home() / ".cargo"))
        environment.setdefault("RUSTUP_HOME", str(pathlib.Path.home() / ".rustup"))
        return environment

    def answer(self, keys: bytes, *words: str, number: int = 0) -> tuple[int, str]:
        """./deploy with these words at a terminal, on which these keys answer its question, or which this signal ends; its status and what it prints."""
        process, terminal = pty.fork()
        if process == 0:
            os.execve(self.root / "deploy", [str(self.root / "deploy"), *words, "--region", REGION], self.environment())
        text, is_answered = b"", False
        # When the program is gone, reading is an error.
        with contextlib.suppress(OSError):
            while True:
                must(bool(select.select([terminal], [], [], 120)[0]), f"./deploy {' '.join(words)} goes on after {keys}, {number}: {text.decode()}")
                text += os.read(terminal, 4096)
                if b"/no] " in text and not is_answered:
                    is_answered = True
                    # Nobody is so fast as to answer before the program has begun to read.
                    time.sleep(0.5)
                    os.kill(process, number) if number else os.write(terminal, keys)
        status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        os.close(terminal)
        self.printed += text.decode()
        must(is_answered, f"./deploy {' '.join(words)} asks: {text.decode()}")
        return status, text.decode()

    def deploy(self, *words: str, status: int = 0, stdin: str = "") -> str:
        """./deploy with these words; what it prints."""
        command = [self.root / "deploy", *words, "--region", REGION]
        done = subprocess.run(command, env=self.environment(), input=stdin, capture_output=True, text=True, timeout=600, check=False)
        self.printed += done.stdout + done.stderr
        must(done.returncode == status, f"./deploy {' '.join(words)} ended with {done.returncode}, not {status}: {done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def built(self) -> str:
        """What `sam build` makes, with a small program for arm64 (the loader of its C library) in the functions' place."""
        folder = self.root.parent / "built"
        template = templates.read(self.root / "template.yaml")
        self.count = len(templates.functions(template))
        for name, body in templates.functions(template).items():
            (folder / name).mkdir(parents=True)
            (folder / name / "bootstrap").write_bytes(pathlib.Path(LOADER).read_bytes() + name.encode())
            body["Properties"]["CodeUri"] = name
        template["Globals"]["Function"].pop("CodeUri")
        (folder / "template.yaml").write_text(json.dumps(template))
        return str(folder)

    def write(self, text: str, mode: int = 0o600) -> None:
        """One's own parameters."""
        (self.root / "deploy.dev.parameters").write_text(text)
        (self.root / "deploy.dev.parameters").chmod(mode)

    def lives(self) -> dict[str, str]:
        """The version to which each function's alias leads."""
        functions = self.client("lambda")
        return {each["FunctionName"]: functions.get_alias(FunctionName=each["FunctionName"], Name="live")["FunctionVersion"] for each in functions.list_functions()["Functions"]}

    def stacks(self) -> list[str]:
        """The stacks that there are."""
        return [each["StackName"] for each in self.client("cloudformation").describe_stacks()["Stacks"]]

    def variables(self, function: str) -> dict[str, str]:
        """What the code that is invoked reads."""
        return self.client("lambda").get_function_configuration(FunctionName=function, Qualifier=self.lives()[function])["Environment"]["Variables"]
