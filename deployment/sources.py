"""Where values of parameters come from: samconfig.toml, files of one's own, the standard input and the command line.

What is wrong with a source is a problem of its layer, so that all problems of all sources are told together.
"""

import io
import os
import re
import stat
import sys

from .arguments import shown
from .console import hide
from .environments import ROOT, Environment
from .parameters import Layer

COMMAND_LINE = "the command line"
SERVERS = "servers.parameters"
LINE = "allowed is NAME=VALUE, with a parameter's name, or a comment that begins with #"


def secrets(values: dict[str, str], template: dict) -> list[str]:
    """The names of those that are secret; from now on their values are masked."""
    found = [name for name in values if template["Parameters"].get(name, {}).get("NoEcho")]
    for name in found:
        hide(values[name])
    return found


def lines(text: str, name: str) -> Layer:
    """NAME=VALUE, one a line, as it stands: without quotes, and without a comment behind it."""
    values: dict[str, str] = {}
    problems = []
    for number, line in enumerate(text.splitlines(), 1):
        where = f"{name}, line {number}"
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        key, equals, value = line.partition("=")
        # Neither the line nor the value is shown: it may be a secret.
        if not equals or not key.isalnum():
            problems.append(f"{where}: {LINE}")
        elif key in values:
            problems.append(f"{where}: {key} stands there twice")
        elif value[:1].isspace():
            problems.append(f"{where}: {key} has a blank behind its =; allowed is the value at once")
        elif value[:1] in ("'", '"') or value[-1:] in ("'", '"'):
            problems.append(f"{where}: the value of {key} has a quote at its beginning or end, which would be a part of it; allowed is the value without quotes")
        elif " #" in value or "\t#" in value:
            problems.append(f"{where}: the value of {key} has a # behind a blank, which would be a part of it; allowed are comments in lines of their own")
        if equals and key.isalnum():
            # As it was meant, so that nothing more is said of it.
            values.setdefault(key, re.split(r"\s#", value)[0].strip().strip("'\""))
    return Layer(name, values, tuple(problems))


def file(path: str, template: dict, name: str | None = None) -> Layer:
    """A file's values; `-` is the standard input. One that holds a secret value is its owner's alone, wherever it is."""
    name = name or ("the standard input" if path == "-" else path)
    try:
        if path == "-":
            mode, text = mode_of_input(), sys.stdin.read()
        else:
            with open(path) as opened:
                mode, text = os.fstat(opened.fileno()).st_mode, opened.read()
    except (OSError, UnicodeDecodeError) as error:
        return Layer(name, {}, (f"cannot read the parameters of {name}: {error}",))
    layer = lines(text, name)
    secret = secrets(layer.values, template)
    problems = list(layer.problems)
    # Sockets and terminals have a mode too, and nobody else reads them.
    if secret and mode & 0o077 and (stat.S_ISREG(mode) or stat.S_ISFIFO(mode)):
        mend = f"`chmod 600 {name}`" if path != "-" else "`chmod 600` for the file that it comes from"
        problems.append(f"{name} has {', '.join(secret)}, which {'is' if len(secret) == 1 else 'are'} secret, and others on this machine may read it (mode {mode & 0o777:o}); {mend}")
    return Layer(name, layer.values, tuple(problems))


def mode_of_input() -> int:
    """The mode of what the standard input is; without a file behind it nobody else reads it."""
    try:
        return os.fstat(sys.stdin.fileno()).st_mode
    except (OSError, io.UnsupportedOperation):
        return stat.S_IFCHR


def samconfig(environment: Environment, template: dict) -> Layer:
    """What the file that is in git says."""
    secret = secrets(environment.parameters, template)
    problems = []
    if secret:
        problems.append(
            f"samconfig.toml, {environment.section} has {', '.join(secret)}, which {'is' if len(secret) == 1 else 'are'} secret (NoEcho), and that file is in git: "
            f"allowed is deploy.{environment.name}.parameters, which is not, another file, or --parameters -"
        )
    return Layer(f"samconfig.toml, {environment.section}", environment.parameters, tuple(problems))


def command_line(words: list[str], template: dict) -> Layer:
    """NAME=VALUE of the arguments."""
    values: dict[str, str] = {}
    problems = []
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            problems.append(f"the argument is {shown(word)}; allowed are dev, prod, options and NAME=VALUE for parameters of the template")
            continue
        if name in values:
            problems.append(f"{COMMAND_LINE}: {name} stands there twice")
        values.setdefault(name, value)
    problems += [f"{name} is secret (NoEcho), and everybody on this machine can read arguments: write it into a file, or give it by --parameters -" for name in secrets(values, template)]
    return Layer(COMMAND_LINE, values, tuple(problems))


def layers(environment: Environment, files: list[str], words: list[str], template: dict) -> list[Layer]:
    """All sources, the later before the earlier."""
    found = [samconfig(environment, template)]
    for name in ([SERVERS] if environment.name != "servers" else []) + [f"deploy.{environment.name}.parameters"]:
        if (ROOT / name).exists():
            found.append(file(str(ROOT / name), template, name))
    return [*found, *(file(path, template) for path in files), command_line(words, template)]


def of_another_place(account: str, region: str) -> list[str]:
    """A sentence when servers.parameters is of another account or region, when it says of which it is."""
    path = ROOT / SERVERS
    try:
        first = path.read_text().partition("\n")[0] if path.exists() else ""
    except (OSError, UnicodeDecodeError):
        # Which is a problem of the file's already.
        return []
    here = f"# account {account}, region {region}"
    if not first.startswith("# account ") or first == here:
        return []
    return [f"{SERVERS} is of {first.removeprefix('# ')}, and this is {here.removeprefix('# ')}; `./deploy servers` here writes another, or give its values in other files"]
