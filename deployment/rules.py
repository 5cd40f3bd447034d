"""What CloudFormation would refuse of one parameter's value: the template's own AllowedValues, AllowedPattern, lengths and bounds, before half an hour of building."""

import re

from .console import MASK

NUMBER, WHOLE = re.compile(r"-?[0-9]+(\.[0-9]+)?"), re.compile("-?[0-9]+")
# Capacity units come in halves; every other number of the templates is a count.
HALVES = {"DatabaseMinCapacity", "DatabaseMaxCapacity"}


def items(text: str, body: dict) -> list[str]:
    """The values of a list, or the one value."""
    is_list = body["Type"] == "CommaDelimitedList" or body["Type"].startswith("List<")
    return [item.strip() for item in text.split(",")] if is_list else [text]


def of_number(name: str, text: str, body: dict) -> str | None:
    """What is allowed in the place of a number."""
    step = 0.5 if name in HALVES else 1
    least, most = body.get("MinValue"), body.get("MaxValue")
    kind = "a whole number" if step == 1 else f"a number in steps of {step}"
    if least is not None and most is not None:
        bounds = f", {least} to {most}"
    else:
        bounds = f", {least} or more" if least is not None else f", {most} or less" if most is not None else ""
    # float() would take nan, 1e3 and 1_000 as well; the functions take no 3.0 for a count.
    if not (WHOLE if step == 1 else NUMBER).fullmatch(text) or float(text) % step:
        return kind + bounds
    is_within = (least is None or float(least) <= float(text)) and (most is None or float(text) <= float(most))
    return None if is_within else kind + bounds


def allowed_instead(name: str, text: str, body: dict) -> str | None:
    """What is allowed in the place of this value; None when it is taken."""
    values = [str(value) for value in body.get("AllowedValues", [])]
    for item in items(text, body):
        if values and item not in values:
            return ", ".join(values)
        if "AllowedPattern" in body and not re.fullmatch(body["AllowedPattern"], item, re.ASCII):
            return body.get("ConstraintDescription") or f"what matches {body['AllowedPattern']}"
        if not int(body.get("MinLength", 0)) <= len(item) <= int(body.get("MaxLength", len(item))):
            return f"{body.get('MinLength', 0)} to {body.get('MaxLength', 'any number of')} characters"
        if body["Type"] in ("Number", "List<Number>") and not values:
            return of_number(name, item, body)
    return None


def problem(name: str, text: str, body: dict, source: str) -> str | None:
    """The sentence about a value that is refused."""
    allowed = allowed_instead(name, text, body)
    shown = MASK if body.get("NoEcho") else repr(text)
    return allowed and f"{name} is {shown} ({source}); allowed {'are' if 'AllowedValues' in body else 'is'} {allowed}"
