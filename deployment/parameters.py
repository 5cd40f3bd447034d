"""Which value each of the template's parameters has, and who says so. Later layers go before earlier ones; what no layer gives keeps the stack's value.

A value of a parameter with NoEcho never stands in an argument, because everybody on the machine reads those: it comes from a file or from the standard input.
"""

import difflib
import sys
from dataclasses import dataclass
from pathlib import Path

from .console import MASK, Failure, hide

COMMAND_LINE = "the command line"
STACK, DEFAULT = "kept by the stack", "the template's default"


@dataclass(frozen=True)
class Parameter:
    """A parameter's value. Without a text it is the one that the stack has, which nobody can read when it is secret."""

    name: str
    text: str | None
    source: str
    is_secret: bool

    @property
    def shown(self) -> str:
        """As it may be printed."""
        return MASK if self.is_secret else "(the stack's)" if self.text is None else repr(self.text)


@dataclass(frozen=True)
class Layer:
    """Values of one source."""

    source: str
    values: dict[str, str]


def file(path: str, name: str | None = None) -> Layer:
    """NAME=VALUE, one a line; lines that begin with # and empty ones say nothing. `-` is the standard input."""
    name = name or ("the standard input" if path == "-" else path)
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(f"cannot read the parameters of {name}: {error}") from error
    values: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        key, equals, value = line.partition("=")
        # The line itself is not shown: it may be a secret without its name.
        if not equals or not key.isalnum():
            raise Failure(f"{name}, line {number}: allowed is NAME=VALUE, with a parameter's name, or a comment that begins with #")
        if key in values:
            raise Failure(f"{name}, line {number}: {key} stands there twice")
        values[key] = value
    return Layer(name, values)


def command_line(arguments: list[str], template: dict) -> Layer:
    """NAME=VALUE of the arguments."""
    values = {}
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if not equals:
            raise Failure(f"the argument is {argument!r}; allowed are dev, prod, options and NAME=VALUE for parameters of the template")
        if template["Parameters"].get(name, {}).get("NoEcho"):
            hide(value)
            raise Failure(f"{name} is secret (NoEcho), and everybody on this machine can read arguments: write it into a file, or give it by --parameters -")
        values[name] = value
    return Layer(COMMAND_LINE, values)


def check(name: str, text: str, body: dict, source: str) -> None:
    """CloudFormation's own conditions, before half an hour of building."""
    shown = MASK if body.get("NoEcho") else repr(text)
    where = f"{name} is {shown} ({source})"
    allowed = [str(value) for value in body.get("AllowedValues", [])]
    if allowed and text not in allowed:
        raise Failure(f"{where}; allowed are {', '.join(allowed)}")
    if body["Type"] == "Number":
        try:
            number = float(text)
        except ValueError:
            raise Failure(f"{where}; allowed is a number") from None
        least, most = float(body.get("MinValue", "-inf")), float(body.get("MaxValue", "inf"))
        if not least <= number <= most:
            raise Failure(f"{where}; allowed is {body.get('MinValue', 'anything')} to {body.get('MaxValue', 'anything')}")


def merge(template: dict, layers: list[Layer], kept: dict[str, str | None] | None) -> list[Parameter]:
    """Each parameter of the template once. `kept` is what the stack has, None when there is no stack; a secret one is masked there."""
    known = template["Parameters"]
    given: dict[str, tuple[str, str]] = {}
    for layer in layers:
        for name, text in layer.values.items():
            if known.get(name, {}).get("NoEcho"):
                hide(text)
            if name not in known:
                near = difflib.get_close_matches(name, known, 1)
                raise Failure(f"{layer.source}: the template has no parameter {name}" + (f"; did you mean {near[0]}?" if near else ""))
            given[name] = (text, layer.source)
    merged, lacking = [], []
    for name, body in known.items():
        is_secret = bool(body.get("NoEcho"))
        if name in given:
            text, source = given[name]
            check(name, text, body, source)
            merged.append(Parameter(name, text, source, is_secret))
        elif kept is not None and name in kept:
            merged.append(Parameter(name, None if is_secret else kept[name], STACK, is_secret))
        elif "Default" in body:
            merged.append(Parameter(name, str(body["Default"]), DEFAULT, is_secret))
        else:
            lacking.append(name)
    if lacking:
        raise Failure(f"no value is given for {', '.join(lacking)}, which {'has' if len(lacking) == 1 else 'have'} no default; docs/DEPLOY.md lists the parameters")
    return merged


def for_cloudformation(parameters: list[Parameter], kept: dict[str, str] | None) -> list[dict]:
    """What a change set takes: what the stack keeps is not sent, so that secret values are kept too."""
    return [
        {"ParameterKey": each.name, "UsePreviousValue": True}
        if each.source == STACK and kept is not None
        else {"ParameterKey": each.name, "ParameterValue": each.text}
        for each in parameters
    ]


def changed_defaults(template: dict, parameters: list[Parameter]) -> list[str]:
    """Sentences for parameters that keep a value which is not the template's default: a new default does not reach a stack that exists."""
    return [
        f"{each.name} keeps {each.shown}; the template's default is {str(template['Parameters'][each.name]['Default'])!r}"
        for each in parameters
        if each.source == STACK and not each.is_secret and "Default" in template["Parameters"][each.name] and each.text != str(template["Parameters"][each.name]["Default"])
    ]
