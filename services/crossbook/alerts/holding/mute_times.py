"""Whether a moment lies in a rule's mute times: parts of the week or year by the wall clock of a time zone.

Clocks that are set forward or back move a mute time with them: 09:00 is 09:00 on the wall. One that ends at or before
its beginning goes on into the next day, and belongs to the day on which it began.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.errors import FieldViolation
from crossbook.plumbing.timestamps import SECOND_NS

CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
DAY_MINUTES = 24 * 60
MAX_MUTE_TIMES = 20
RANGES = {"weekdays": (1, 7), "days_of_month": (1, 31), "months": (1, 12)}


def is_muted(rule: pb.AlertRule, now_ns: int) -> bool:
    """Whether one of its mute times holds now."""
    return any(_holds(mute, now_ns) for mute in rule.mute_times)


def check_mute_times(rule: pb.AlertRule) -> Iterator[FieldViolation]:
    """What is wrong with them."""
    if len(rule.mute_times) > MAX_MUTE_TIMES:
        yield FieldViolation("alert_rule.mute_times", f"must not hold more than {MAX_MUTE_TIMES}")
        return
    for index, mute in enumerate(rule.mute_times):
        path = f"alert_rule.mute_times[{index}]"
        if _zone(mute.time_zone) is None:
            yield FieldViolation(f"{path}.time_zone", f"{mute.time_zone[:40]!r} is not a time zone's IANA name")
        for field, (least, most) in RANGES.items():
            if not all(least <= number <= most for number in getattr(mute, field)):
                yield FieldViolation(f"{path}.{field}", f"must be numbers of {least} to {most}")
        for field in ("from_time", "to_time"):
            if getattr(mute, field) and not CLOCK.fullmatch(getattr(mute, field)):
                yield FieldViolation(f"{path}.{field}", 'must look like "09:30"')


def _holds(mute: pb.AlertMuteTime, now_ns: int) -> bool:
    zone = _zone(mute.time_zone)
    if zone is None:
        return False
    local = datetime.fromtimestamp(now_ns // SECOND_NS, UTC).astimezone(zone)
    minute = local.hour * 60 + local.minute
    begins, ends = _minute(mute.from_time, 0), _minute(mute.to_time, DAY_MINUTES)
    if begins < ends:
        return begins <= minute < ends and _is_day(mute, local)
    return (minute >= begins and _is_day(mute, local)) or (minute < ends and _is_day(mute, local - timedelta(days=1)))


def _is_day(mute: pb.AlertMuteTime, day: datetime) -> bool:
    return (
        (not mute.weekdays or day.isoweekday() in mute.weekdays)
        and (not mute.days_of_month or day.day in mute.days_of_month)
        and (not mute.months or day.month in mute.months)
    )


def _minute(clock: str, default: int) -> int:
    found = CLOCK.fullmatch(clock)
    return int(found[1]) * 60 + int(found[2]) if found else default


def _zone(name: str) -> tzinfo | None:
    if not name:
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
