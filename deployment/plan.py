"""What is going to be deployed: a stack as it is, a template, and the parameters with all that is wrong with them."""

from dataclasses import dataclass

from . import parameters, together
from .cloud import Cloud
from .environments import Environment
from .parameters import Parameter
from .stack import Stack


@dataclass(frozen=True)
class Plan:
    """What is going to be deployed."""

    cloud: Cloud
    environment: Environment
    stack: Stack
    template: dict
    parameters: list[Parameter]
    # What is wrong with the parameters' values and sources.
    problems: tuple[str, ...] = ()
    ignores_alarms: bool = False
    mends_aliases: bool = False

    @property
    def values(self) -> dict[str, str]:
        """The parameters' values; what is not known of a kept secret is empty."""
        return {each.name: each.text or "" for each in self.parameters}

    @property
    def conflicts(self) -> list[together.Conflict]:
        """Values that do not go together."""
        return together.conflicts(self.template, self.values, self.environment.region)

    @property
    def wrong(self) -> list[str]:
        """All that is wrong with parameters."""
        return [*self.problems, *(sentence for _, sentence in self.conflicts)]

    @property
    def troubles(self) -> list[str]:
        """What is wrong with the stack: another environment's, or not to be updated."""
        return [sentence for sentence in (self.stack.other_stage(self.environment), self.stack.unready) if sentence]

    @property
    def sent(self) -> list[dict]:
        """The parameters as a change set takes them."""
        return parameters.for_cloudformation(self.parameters, self.stack.kept)
