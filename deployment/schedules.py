"""Schedule expressions as EventBridge takes them, the rules of localstack/emulator/src/schedule: what it refuses would end a deployment after the build.

Sources: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html for rules (SAM's `Schedule`), and
https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html for EventBridge Scheduler (SAM's `ScheduleV2`).
"""

import datetime
import re
import zoneinfo
from dataclasses import dataclass

RATE = "rate(value unit): a whole number above 0, one blank, and minutes, hours or days (minute, hour or day for 1)"
AT = "%Y-%m-%dT%H:%M:%S"
UNITS = ("minute", "hour", "day")


class Refused(Exception):
    """What is allowed."""


@dataclass(frozen=True)
class Field:
    """What a field of a cron expression may hold."""

    name: str
    least: int
    most: int
    names: tuple[str, ...] = ()
    # day-of-week is the only field whose row in AWS's tables has no `/`.
    has_steps: bool = True
    special: str = ""

    def allowed(self) -> Refused:
        """The sentence for what it does not hold."""
        names = f" or {self.names[0]} to {self.names[-1]}" if self.names else ""
        steps = " and / for steps" if self.has_steps else ""
        return Refused(f"{self.least} to {self.most}{names} in {self.name}, with , for lists, - for ranges{steps}, or *{self.special}")

    def number(self, text: str) -> int:
        """One value, as a number or by its name."""
        if text.upper() in self.names:
            return self.names.index(text.upper()) + self.least
        if not re.fullmatch("[0-9]+", text) or not self.least <= int(text) <= self.most:
            raise self.allowed()
        return int(text)

    def check(self, text: str) -> None:
        """Lists of values, ranges and steps."""
        for item in text.split(","):
            span, slash, step = item.partition("/")
            if slash and not self.has_steps:
                raise self.allowed()
            if slash and not (re.fullmatch("[0-9]+", step) and 1 <= int(step) <= self.most):
                raise Refused(f"a step from 1 to {self.most} in {self.name}, not {step!r}")
            if span == "*":
                continue
            first, dash, last = span.partition("-")
            ends = [self.number(first), self.number(last)] if dash else [self.number(first)]
            # FRI-MON goes round the end; years do not.
            if ends[0] > ends[-1] and self is YEARS:
                raise Refused(f"a range of years from the earlier to the later, not {span}")


MINUTES = Field("minutes", 0, 59)
HOURS = Field("hours", 0, 23)
DAYS = Field("day-of-month", 1, 31, special=", L or a day with W alone")
MONTHS = Field("month", 1, 12, ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"))
WEEKDAYS = Field("day-of-week", 1, 7, ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), False, ", L, a day with L alone, or day#number alone")
YEARS = Field("year", 1970, 2199)


def check_days(day: str, weekday: str) -> None:
    """One of both is ?, and only one."""
    if day == weekday == "?":
        raise Refused("? in one of day-of-month and day-of-week, and not in both")
    if "?" not in (day, weekday):
        raise Refused("? in one of day-of-month and day-of-week when the other has a value or *")
    if weekday == "?":
        if day != "L":
            DAYS.number(day[:-1]) if day.endswith("W") else DAYS.check(day)
    elif weekday != "L":
        at, sharp, which = weekday.partition("#")
        if weekday.endswith("L"):
            WEEKDAYS.number(weekday[:-1])
        elif not sharp:
            WEEKDAYS.check(weekday)
        else:
            WEEKDAYS.number(at)
            if which not in ("1", "2", "3", "4", "5"):
                raise Refused("one day#number in day-of-week, the number from 1 to 5, such as 3#2")


def check_cron(text: str, is_rule: bool) -> None:
    """Six fields; Scheduler takes five, without the year."""
    fields = text.split()
    if len(fields) == 5 and not is_rule:
        fields.append("*")
    if len(fields) != 6:
        raise Refused(f"six fields, here are {len(fields)}: cron(minutes hours day-of-month month day-of-week year)")
    check_days(fields[2], fields[4])
    for field, value in ((MINUTES, fields[0]), (HOURS, fields[1]), (MONTHS, fields[3]), (YEARS, fields[5])):
        field.check(value)


def check_rate(text: str, is_rule: bool) -> None:
    """A rule wants the number to agree. Scheduler's own page writes rate(1 days) beside rate(1 day)."""
    count, _, unit = text.partition(" ")
    singular = unit.removesuffix("s")
    # No number of minutes that a service would take has more digits.
    if not re.fullmatch("[0-9]{1,14}", count) or int(count) == 0 or singular not in UNITS:
        raise Refused(RATE)
    if is_rule and (int(count) == 1) != (unit == singular):
        raise Refused(f"rate({int(count)} {singular}{'' if int(count) == 1 else 's'}): singular for 1, plural above")


def check_at(text: str) -> None:
    """A time with all its digits."""
    try:
        is_time = datetime.datetime.strptime(text, AT).strftime(AT) == text
    except ValueError:
        is_time = False
    if not is_time:
        raise Refused("at(yyyy-mm-ddThh:mm:ss), a time on the clock of ScheduleExpressionTimezone")


def allowed_instead(text: str, is_rule: bool) -> str | None:
    """What is allowed in the place of this expression; None when EventBridge takes it, by a rule or else by Scheduler."""
    found = re.fullmatch(r"(rate|cron|at)\((.*)\)", text, re.DOTALL)
    try:
        if not found and is_rule:
            raise Refused("rate(value unit) or cron(minutes hours day-of-month month day-of-week year), without blanks around it")
        if not found:
            raise Refused("rate(value unit), cron(minutes hours day-of-month month day-of-week year) or at(yyyy-mm-ddThh:mm:ss), without blanks around it")
        kind, inner = found.groups()
        if kind == "rate":
            check_rate(inner, is_rule)
        elif kind == "cron":
            check_cron(inner, is_rule)
        elif is_rule:
            raise Refused("rate(..) or cron(..); only EventBridge Scheduler (ScheduleV2) takes at(..)")
        else:
            check_at(inner)
    except Refused as refused:
        return str(refused)
    return None


def is_zone(name: str) -> bool:
    """Whether it is a time zone of the IANA database; any name is, on a machine that has none."""
    known = zoneinfo.available_timezones()
    return not known or name in known
