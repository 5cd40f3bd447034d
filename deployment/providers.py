"""What ./deploy has to know of providers before it builds: read from the text of the registry of sources, whose entries are written out for it."""

import functools
import re
from dataclasses import dataclass
from pathlib import Path

from .console import Failure

REGISTRY = Path(__file__).resolve().parents[1] / "shared/src/source/registry.rs"
ENTRY = re.compile(r'^    Source \{\n        key: "([a-z0-9_]+)",$(.*?)^    \},$', re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Provider:
    """One source of rates."""

    needs_key: bool
    allow_redistribution: bool


@functools.cache
def known() -> dict[str, Provider]:
    """The providers of the registry by their keys."""
    try:
        text = REGISTRY.read_text()
    except OSError as error:
        raise Failure(f"cannot read the registry of sources {REGISTRY}: {error}") from error
    found = {key: Provider("ApiKey::Required" in body, "allow_redistribution: true" in body) for key, body in ENTRY.findall(text)}
    if len(found) != text.count("\n    Source {") or not found:
        raise Failure(f"cannot read the registry of sources {REGISTRY}: {len(found)} of {text.count(chr(10) + '    Source {')} entries are written out with their key first")
    return found
