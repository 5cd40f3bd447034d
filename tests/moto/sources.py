"""Runs what ./deploy reads values of: files of parameters, the standard input, samconfig.toml and the command line. It asks nobody for anything.

Prints a line a step, and ends with 1 at what is not as it must be.
"""

import os
import pathlib
import sys
import tempfile

from stack import ROOT, must

sys.path.insert(0, str(ROOT))
from deployment import console, environments, parameters, sources, template as templates  # noqa: E402

TEMPLATE = templates.read(ROOT / "template.yaml")
SECRET = "rediss://user:hush-4711@redis.example:6379"


def written(text: str, mode: int) -> parameters.Layer:
    """What is read of a file of this text and mode."""
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(text)
        file.flush()
        os.chmod(file.name, mode)
        return sources.file(file.name, TEMPLATE)


def files() -> None:
    """What a line may be, and who may read a file with a secret."""
    for line, words in (
        ("LogLevel", "line 1: allowed is NAME=VALUE"), ("# a comment\n\nhush hush=1", "line 3: allowed is NAME=VALUE"), ("LogLevel=a\nLogLevel=b", "line 2: LogLevel stands there twice"),
        ('RedisUrl="hush"', "line 1: the value of RedisUrl has a quote"), ("RedisUrl='hush'", "has a quote"), ("LogLevel=debug # hush", "line 1: the value of LogLevel has a # behind a blank"),
        ("LogLevel= debug", "has a blank behind its ="), ("export LogLevel=debug", "allowed is NAME=VALUE"),
    ):
        problems = written(line, 0o600).problems
        must(len(problems) == 1 and words in problems[0] and "hush" not in problems[0], f"{line!r}: {problems}")
    must(len(written("a\nLogLevel='b'\nc", 0o600).problems) == 3, "all lines are looked at")
    must(written("  # a comment\r\n\r\nEcbHistoryUrl=https://a.example/#b\r\n", 0o600).values == {"EcbHistoryUrl": "https://a.example/#b"}, "a # without a blank is a value's")
    for mode, is_refused in ((0o644, True), (0o640, True), (0o604, True), (0o602, True), (0o600, False), (0o400, False)):
        layer = written(f"RedisUrl={SECRET}\n", mode)
        must(bool(layer.problems) == is_refused and SECRET not in f"{layer.problems}", f"{mode:o}: {layer.problems}")
        must(not is_refused or "has RedisUrl, which is secret" in layer.problems[0] and "chmod 600" in layer.problems[0], f"{layer.problems}")
        must(not written("LogLevel=debug\n", mode).problems, f"{mode:o} without a secret")
    must("cannot read the parameters of /nowhere" in sources.file("/nowhere", TEMPLATE).problems[0], "no file")
    with tempfile.TemporaryDirectory() as folder:
        for mode, is_refused in ((0o644, True), (0o600, False)):
            path = pathlib.Path(folder, f"secret-{mode:o}")
            path.write_text(f"RedisUrl={SECRET}\n")
            path.chmod(mode)
            before = sys.stdin
            with path.open() as sys.stdin:
                layer = sources.file("-", TEMPLATE)
            sys.stdin = before
            must(layer.values == {"RedisUrl": SECRET} and bool(layer.problems) == is_refused, f"{mode:o} at the standard input: {layer.problems}")
    print("files: a line is NAME=VALUE as it stands; a file with a secret is refused when others may read it, wherever it is")


def samconfig() -> None:
    """What is in git holds no secret; a file that is not there, or is none, is a sentence."""
    for text, words in (
        (None, "cannot read samconfig.toml"), ("[default", "samconfig.toml is not TOML"), ("default = 1", "something else than tables"), ('[default.deploy.parameters]\nregion = "us-east-1"', "no stack_name for default"),
        ('[default.deploy.parameters]\nregion = "us-east-1"\nstack_name = "s"\nparameter_overrides = "rediss://user:hush@host"', "allowed are pairs NAME=VALUE"),
        ("[default.deploy.parameters]\nregion = \"us-east-1\"\nstack_name = \"s\"\nparameter_overrides = \"LogLevel='\"", "parameter_overrides cannot be read"),
        ('[default.deploy.parameters]\nregion = "us-east-1"\nstack_name = "s"\nparameter_overrides = "LogLevel=a LogLevel=b"', "LogLevel twice"),
    ):
        with tempfile.TemporaryDirectory() as folder:
            if text is not None:
                pathlib.Path(folder, "samconfig.toml").write_text(text)
            try:
                environments.read("dev", root=pathlib.Path(folder))
                must(False, f"{text!r} is taken")
            except console.Failure as failure:
                must(words in str(failure) and "hush" not in str(failure), f"{text!r}: {failure}")
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "samconfig.toml").write_text(f'[default.deploy.parameters]\nregion = "us-east-1"\nstack_name = "s"\nparameter_overrides = "RedisUrl={SECRET} LogLevel=debug"')
        layer = sources.samconfig(environments.read("dev", root=pathlib.Path(folder)), TEMPLATE)
    must(len(layer.problems) == 1 and "samconfig.toml, default has RedisUrl" in layer.problems[0] and "hush" not in layer.problems[0], f"{layer.problems}")
    must(not sources.samconfig(environments.read("prod"), TEMPLATE).problems, "the file of this project")
    print("samconfig.toml: a secret value is refused by its name, and a file that cannot be read by a sentence")


def words() -> None:
    """Parameters of the command line, and passwords in whatever is printed."""
    layer = sources.command_line(["LogLevel=a", "LogLevel=b", f"RedisUrl={SECRET}"], TEMPLATE)
    must(len(layer.problems) == 2 and "LogLevel stands there twice" in layer.problems[0] and "RedisUrl is secret" in layer.problems[1] and "hush" not in f"{layer.problems}", f"{layer.problems}")
    for text, shown in (("x rediss://u:p@ss@h:1 y", "x rediss://****@h:1 y"), ("'mongodb+srv://u@h'", "'mongodb+srv://****@h'"), ("s3://bucket/key, a@b", "s3://bucket/key, a@b")):
        must(console.masked(text) == shown, f"{text}: {console.masked(text)}")
    print("arguments: neither a name twice nor a secret; no line has a URL's password")


def main() -> None:
    """Everything in order."""
    for step in (files, samconfig, words):
        step()


if __name__ == "__main__":
    main()
