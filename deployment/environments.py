"""What samconfig.toml says of an environment: `dev` is its section `default`, for `sam build` and `sam local` know no other name for it."""

import shlex
import tomllib
from dataclasses import dataclass
from pathlib import Path

from .arguments import shown
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
    found: dict[str, str] = {}
    try:
        words = shlex.split(value) if isinstance(value, str) else [str(each) for each in value]
    except (ValueError, TypeError) as error:
        raise Failure(f"samconfig.toml: {what} cannot be read ({error}); allowed are pairs NAME=VALUE with blanks between") from error
    for pair in words:
        name, equals, text = pair.partition("=")
        if not equals or not name:
            raise Failure(f"samconfig.toml: {what} has {shown(pair)}; allowed are pairs NAME=VALUE with blanks between")
        if name in found:
            raise Failure(f"samconfig.toml: {what} has {name} twice")
        found[name] = text
    return found


def sections(root: Path) -> dict:
    """The file."""
    try:
        return tomllib.loads((root / "samconfig.toml").read_text())
    except OSError as error:
        raise Failure(f"cannot read samconfig.toml, which names stacks and regions: {error}; `git checkout samconfig.toml` brings back the one of this project") from error
    except ValueError as error:
        raise Failure(f"samconfig.toml is not TOML: {error}") from error


def read(name: str, region: str | None = None, stack: str | None = None, root: Path = ROOT) -> Environment:
    """The environment of this name; `region` and `stack` go before what the file says."""
    if name not in SECTIONS:
        raise Failure(f"the environment is {name!r}; allowed are {', '.join(SECTIONS)}")
    section = sections(root).get(SECTIONS[name], {})
    try:
        settings = {**section.get("global", {}).get("parameters", {}), **section.get("deploy", {}).get("parameters", {})}
    except (AttributeError, TypeError) as error:
        raise Failure(f"samconfig.toml has for {SECTIONS[name]} something else than tables; allowed are [{SECTIONS[name]}.global.parameters] and [{SECTIONS[name]}.deploy.parameters]") from error
    for needed in ("stack_name", "region"):
        if not isinstance(settings.get(needed), str) or not settings[needed]:
            raise Failure(f"samconfig.toml has no {needed} for {SECTIONS[name]}; allowed is a text in [{SECTIONS[name]}.deploy.parameters] or [{SECTIONS[name]}.global.parameters]")
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
