"""Runs the lines of docs/*.md that call a function, as they stand there, against a local stack's Lambda API: AWS's own client, cargo-lambda and boto3.

Only addresses are replaced: that of the document by that of this stack, and none, which is AWS's, by it too. A fence is taken that has a comment before it which
names this file. Prints a line a step, and ends with 1 at what is not as it must be.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from urllib.parse import urlparse

import local
from stack import ROOT, must

MARK = re.compile(r"^<!-- run by tests/moto/documented\.py -->\n```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ADDRESS, PORT = "http://127.0.0.1:9001", "9001"
CACHE = pathlib.Path(os.environ.get("HWANYUL_CACHE") or pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache", "hwanyul"))


def client_of_aws() -> str:
    """The folder of an AWS CLI of version 2, which is what the documents speak of; Debian's is one, whatever else is installed before it."""
    for folder in ["/usr/bin", *os.environ["PATH"].split(":")]:
        program = pathlib.Path(folder, "aws")
        if program.exists() and "aws-cli/2" in subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout:
            return folder
    must(False, "an AWS CLI of version 2 is there; ./localstack/install tools installs Debian's")
    return ""


def fences() -> list[tuple[str, str, str]]:
    """Document, language and text of each fence that is to be run."""
    paths = sorted([*ROOT.glob("docs/*.md"), *ROOT.glob("README*.md")])
    return [(path.name, language, text) for path in paths for language, text in MARK.findall(path.read_text())]


def ingested(text: str) -> None:
    """An answer of the ingestor."""
    answer = json.loads(text)
    must(answer["providers"][0]["provider"] == "ecb" and "events" in answer, f"the ingestor answers {text}")


def backfilled(text: str) -> None:
    """An answer of the backfill, of the whole span that the document names."""
    answer = json.loads(text)
    must(answer["done"] and answer["from"] == "1999-01-04" and answer["events"] > 100_000, f"the backfill answers {text}")


def listed(text: str) -> None:
    """An answer of the redrive, which was asked for a list."""
    must(json.loads(text)["action"] == "list", f"the redrive answers {text}")


def topics(text: str) -> None:
    """An answer of the topics' function."""
    must({topic["topic"] for topic in json.loads(text)} >= {"exchange_rate_updated", "cache_invalidation"}, f"the topics are {text}")


def mapping(text: str) -> None:
    """The state of a mapping."""
    must(text.split()[0] == "Enabled", f"the mapping is {text!r}")


# What a line calls, and what is to be seen of its answer.
ANSWERS: list[tuple[str, Callable[[str], None]]] = [
    ("list-event-source-mappings", mapping),
    ("operations-backfill", backfilled),
    ("operations-redrive", listed),
    ("operations-topics", topics),
    ("ingestor", ingested),
]


def to_stack(line: str, address: str) -> str:
    """The line with this stack's address; one that is for AWS gets it as an option."""
    if ADDRESS in line or f"--invoke-port {PORT}" in line:
        return line.replace(ADDRESS, address).replace(f"--invoke-port {PORT}", f"--invoke-port {urlparse(address).port}")
    return re.sub(r"\b(aws|cargo lambda invoke --remote)\b", rf"\1 --endpoint-url {address}", line, count=1)


def run(line: str, environment: dict[str, str]) -> str:
    """What the line prints; AWS's client prints its own word on the call behind the answer."""
    done = subprocess.run(["bash", "-c", line], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False)
    must(done.returncode == 0 and done.stdout, f"{line} ended with {done.returncode}: {done.stdout}{done.stderr}")
    text = done.stdout
    if " lambda invoke " in line and "/dev/stdout" in line:
        text, status = re.fullmatch(r"(.*)(\{\n    \"StatusCode\".*\}\n)", text, re.DOTALL).groups()
        must(json.loads(status)["StatusCode"] == 200 and "FunctionError" not in json.loads(status), f"{line} answers {status}")
    return text


def main() -> None:
    """Everything in order."""
    found = fences()
    lines = [(document, line) for document, language, text in found if language == "sh" for line in text.splitlines() if line.strip()]
    programs = [(document, text) for document, language, text in found if language == "python"]
    used = {word for _, line in lines for word in ("aws lambda", "cargo lambda invoke") if word in line or word.replace("aws", "aws --endpoint-url " + ADDRESS) in line}
    must(len(lines) > 5 and len(used) == 2 and programs, f"lines: {lines}, programs: {programs}")
    environment = {"PATH": f"{client_of_aws()}:{CACHE}/tools/bin:{os.environ['PATH']}", "HOME": os.environ["HOME"], "AWS_PAGER": ""}
    environment |= {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any", "AWS_DEFAULT_REGION": "us-east-1", "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    environment |= {name: os.environ[name] for name in ("CARGO_HOME", "RUSTUP_HOME") if name in os.environ}
    with local.stack() as endpoints, tempfile.TemporaryDirectory() as folder:
        for document, line in lines:
            (check, *_) = [check for called, check in ANSWERS if called in line]
            check(run(to_stack(line, endpoints["lambda"]), environment))
            print(f"{document}: {line}")
        for document, text in programs:
            program = pathlib.Path(folder, "program.py")
            program.write_text(text.replace(ADDRESS, endpoints["lambda"]))
            ingested(run(f"{sys.executable} {program}", environment))
            print(f"{document}: a program with boto3, {len(text.splitlines())} lines")


if __name__ == "__main__":
    main()
