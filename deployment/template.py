"""Reads a SAM template as far as a deployment has to understand it: its functions, what they refer to, and what its conditions are."""

import re
from pathlib import Path

from samtranslator.yaml_helper import yaml_parse

from .console import Failure

FUNCTION = "AWS::Serverless::Function"
VARIABLE = re.compile(r"\$\{([A-Za-z0-9]+)[^}]*\}")


def read(path: Path) -> dict:
    """The template with CloudFormation's short forms written out."""
    try:
        text = path.read_text()
    except OSError as error:
        raise Failure(f"cannot read the template {path}: {error}") from error
    template = yaml_parse(text)
    return {**template, "Parameters": template.get("Parameters", {})}


def functions(template: dict) -> dict[str, dict]:
    """The functions by logical id."""
    return {name: body for name, body in template["Resources"].items() if body["Type"] == FUNCTION}


def names(template: dict) -> dict[str, str]:
    """The functions' names by logical id."""
    return {logical: body["Properties"]["FunctionName"] for logical, body in functions(template).items()}


def is_function_of_cloudformation(value: object) -> bool:
    """Whether it stands for a value: a Ref, an Fn::If and the like."""
    return isinstance(value, dict) and len(value) == 1 and next(iter(value)).startswith(("Fn::", "Ref", "Condition"))


def combined(shared: object, own: object) -> object:
    """A function's own properties over those of Globals, as SAM does it: maps are merged, lists joined, and anything else is the function's own
    (https://github.com/aws/serverless-application-model/blob/master/docs/globals.rst)."""
    if is_function_of_cloudformation(shared) or is_function_of_cloudformation(own):
        return own
    if isinstance(shared, dict) and isinstance(own, dict):
        return {**shared, **own, **{key: combined(shared[key], own[key]) for key in shared.keys() & own.keys()}}
    return [*shared, *own] if isinstance(shared, list) and isinstance(own, list) else own


def references(value: object) -> set[str]:
    """What it names by Ref, Fn::GetAtt, Fn::Sub, Fn::If or Condition: parameters, resources and conditions."""
    if isinstance(value, list):
        return set().union(*(references(item) for item in value))
    if not isinstance(value, dict):
        return set()
    found: set[str] = set()
    for key, inner in value.items():
        if key in ("Ref", "Condition") and isinstance(inner, str):
            # The alias of a function is written Name.Alias.
            found.add(inner.split(".")[0])
        elif key == "Fn::GetAtt":
            found.add((inner if isinstance(inner, str) else inner[0]).split(".")[0])
        elif key == "Fn::Sub":
            text, own = (inner, {}) if isinstance(inner, str) else inner
            found |= {name for name in VARIABLE.findall(text) if name not in own} | references(own)
        elif key == "Fn::FindInMap" and isinstance(inner[0], str):
            found |= {inner[0]} | references(inner)
        elif key == "Fn::If":
            found |= {inner[0]} | references(inner[1:])
        else:
            found |= references(inner)
    return found


def closure(value: object, template: dict) -> set[str]:
    """All that it names, and all that this names in turn."""
    sections = [template.get(section, {}) for section in ("Resources", "Conditions", "Mappings")]
    found: set[str] = set()
    ahead = references(value)
    while ahead:
        name = ahead.pop()
        found.add(name)
        for section in sections:
            body = section.get(name, {})
            # What a function that is referred to contains does not change its name or ARN, and reaches nearly everything.
            inner = {} if isinstance(body, dict) and body.get("Type") == FUNCTION else body
            ahead |= references(inner) - found
    return found


def is_true(condition: object, template: dict, values: dict[str, str]) -> bool:
    """What the condition, or the one of this name, is with these values of the parameters."""
    if isinstance(condition, str):
        return is_true(template["Conditions"][condition], template, values)
    ((kind, inner),) = condition.items()
    if kind == "Condition":
        return is_true(inner, template, values)
    if kind == "Fn::Equals":
        left, right = (resolve(item, template, values) for item in inner)
        return str(left) == str(right)
    if kind == "Fn::Not":
        return not is_true(inner[0], template, values)
    if kind in ("Fn::And", "Fn::Or"):
        return (all if kind == "Fn::And" else any)(is_true(item, template, values) for item in inner)
    raise Failure(f"the template has a condition of {kind}, which ./deploy does not know")


def resolve(value: object, template: dict, values: dict[str, str]) -> object:
    """The value, when parameters and conditions alone decide it; else as it is written. AWS::NoValue is None."""
    if not isinstance(value, dict) or len(value) != 1:
        return value
    ((kind, inner),) = value.items()
    if kind == "Ref":
        return None if inner == "AWS::NoValue" else values.get(inner, value)
    if kind == "Fn::If":
        return resolve(inner[1] if is_true(inner[0], template, values) else inner[2], template, values)
    if kind == "Fn::Join":
        parts = resolve(inner[1], template, values)
        return parts if isinstance(parts, str) else inner[0].join(str(resolve(part, template, values)) for part in parts)
    return value


def rollback_alarms(template: dict) -> list[str]:
    """Logical ids of the alarms that roll a deployment back, of all functions."""
    preferences = [template.get("Globals", {}).get("Function", {}).get("DeploymentPreference", {})]
    preferences += [body["Properties"].get("DeploymentPreference", {}) for body in functions(template).values()]
    return sorted(set().union(*(references(preference.get("Alarms", [])) for preference in preferences)) & set(template["Resources"]))


def without_rollback_alarms(template: dict) -> dict:
    """The template with nothing that rolls a deployment back."""

    def freed(properties: dict) -> dict:
        preference = properties.get("DeploymentPreference")
        if not preference:
            return properties
        return {**properties, "DeploymentPreference": {key: value for key, value in preference.items() if key != "Alarms"}}

    resources = {
        name: {**body, "Properties": freed(body["Properties"])} if body["Type"] == FUNCTION else body for name, body in template["Resources"].items()
    }
    shared = template.get("Globals", {})
    return {**template, "Globals": {**shared, "Function": freed(shared.get("Function", {}))}, "Resources": resources}
