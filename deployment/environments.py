"""What samconfig.toml says of an environment: `dev` is its section `default`, for `sam build` and `sam local` know no other name for it."""

import shlex
import tomllib
from dataclasses import dataclass
from pathlib import Path

from .console import Failure

ROOT = Path(__file__).resolve().parents[1]
SECTIONS = {"dev": "default", "prod": "prod", "servers": "servers"}


@dataclass(frozen=True)
class Environment:
    """A stack, where it is, and what it is made of."""

    name: str
    stack: str
    region: str
    template: Path
    tags: dict[str, str]
    parameters: dict[str, str]
    capabilities: list[str]
    asks_first: bool

    @property
    def section(self) -> str:
        """What samconfig.toml calls it."""
        return SECTIONS[self.name]


def pairs(value: str | list[str], what: str) -> dict[str, str]:
    """NAME=VALUE pairs, as SAM writes them: in one text with blanks between, or in a list."""
    found = {}
    for pair in shlex.split(value) if isinstance(value, str) else value:
        name, equals, text = pair.partition("=")
        if not equals or not name:
            raise Failure(f"samconfig.toml: {what} has {pair!r}; allowed are pairs NAME=VALUE with blanks between")
        found[name] = text
    return found


def read(name: str, region: str | None = None, stack: str | None = None, root: Path = ROOT) -> Environment:
    """The environment of this name; `region` and `stack` go before what the file says."""
    if name not in SECTIONS:
        raise Failure(f"the environment is {name!r}; allowed are {', '.join(SECTIONS)}")
    with (root / "samconfig.toml").open("rb") as file:
        sections = tomllib.load(file).get(SECTIONS[name], {})
    settings = {**sections.get("global", {}).get("parameters", {}), **sections.get("deploy", {}).get("parameters", {})}
    for needed in ("stack_name", "region"):
        if not settings.get(needed):
            raise Failure(f"samconfig.toml has no {needed} for {SECTIONS[name]}")
    return Environment(
        name=name,
        stack=stack or settings["stack_name"],
        region=region or settings["region"],
        template=root / settings.get("template_file", "template.yaml"),
        tags=pairs(settings.get("tags", ""), "tags"),
        parameters=pairs(settings.get("parameter_overrides", ""), "parameter_overrides"),
        capabilities=settings.get("capabilities", "").split(),
        asks_first=settings.get("confirm_changeset", True),
    )
