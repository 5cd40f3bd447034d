"""Which value each of the template's parameters has, and who says so. Later layers go before earlier ones; what no layer gives keeps the stack's value.

A value of a parameter with NoEcho never stands in an argument, because everybody on the machine reads those: it comes from a file or from the standard input.
"""

from dataclasses import dataclass

from . import rules
from .arguments import nearest
from .console import MASK, hide

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
    """Values of one source, and what is wrong with it."""

    source: str
    values: dict[str, str]
    problems: tuple[str, ...] = ()


def merge(template: dict, layers: list[Layer], kept: dict[str, str | None] | None) -> tuple[list[Parameter], list[str]]:
    """Each parameter of the template once, and all that is wrong with values and sources. `kept` is what the stack has, None when there is no stack; a secret
    one is masked there."""
    known = template["Parameters"]
    given: dict[str, tuple[str, str]] = {}
    problems: list[str] = []
    for layer in layers:
        problems += layer.problems
        for name, text in layer.values.items():
            if name not in known:
                problems.append(f"{layer.source}: the template has no parameter {name}{nearest(name, list(known))}")
                continue
            if known[name].get("NoEcho"):
                hide(text)
            given[name] = (text, layer.source)
    merged, lacking = [], []
    for name, body in known.items():
        is_secret = bool(body.get("NoEcho"))
        if name in given:
            merged.append(Parameter(name, *given[name], is_secret))
        elif kept is not None and name in kept:
            merged.append(Parameter(name, None if is_secret else kept[name], STACK, is_secret))
        elif "Default" in body:
            merged.append(Parameter(name, str(body["Default"]), DEFAULT, is_secret))
        else:
            lacking.append(name)
    # CloudFormation looks at what a stack keeps as well.
    wrong = [rules.problem(each.name, each.text, known[each.name], each.source) for each in merged if each.text is not None]
    problems += [sentence for sentence in wrong if sentence]
    if lacking:
        problems.append(without_value(lacking))
    return merged, problems


def without_value(names: list[str]) -> str:
    """What a first deployment says of parameters that nobody gives."""
    return f"no value is given for {', '.join(names)}, which {'has' if len(names) == 1 else 'have'} no default; docs/DEPLOY.md lists the parameters"


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
