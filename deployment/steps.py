"""The steps of a run: said one after the other, and done, or with --dry-run said alone."""

from collections.abc import Callable
from typing import TypeVar

from .console import say


T = TypeVar("T")


class Steps:
    """Counts steps, and does each unless the run is dry."""

    def __init__(self, is_dry: bool) -> None:
        self.is_dry = is_dry
        self._count = 0

    def do(self, what: str, work: Callable[[], T]) -> T | None:
        """Says what the step does and does it; its answer, or None in a dry run."""
        self._count += 1
        say(f"{self._count}. {what}")
        return None if self.is_dry else work()
