"""Which alerts a silence is about, and what makes a silence valid.

Of each matcher that is given one entry must fit. A venue fits when it is the one that is off, or a leg.
"""

from collections.abc import Iterable, Iterator

from crossbook.alerts.names import ID, RULES
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.errors import FieldViolation
from crossbook.plumbing.requests import check_names, check_venues
from crossbook.plumbing.timestamps import SECOND_NS, from_timestamp

MAX_NAMES = 1000
MAX_AUTHOR, MAX_COMMENT = 100, 500  # characters
MAX_SECONDS = 366 * 86_400


def venues_of(alert: pb.Alert) -> set[str]:
    """Those that an alert is about."""
    if alert.HasField("trouble"):
        return {alert.trouble.venue} - {""}
    return {alert.opportunity.buy.venue, alert.opportunity.sell.venue} - {""}


def reason_of(alert: pb.Alert) -> pb.AlertReason.ValueType:
    """What it is about."""
    return alert.trouble.reason if alert.HasField("trouble") else pb.ALERT_REASON_OPPORTUNITY


def fits(silence: pb.Silence, alert: pb.Alert) -> bool:
    """Whether it is about this alert."""
    asset = alert.trouble.asset if alert.HasField("trouble") else alert.opportunity.asset
    return (
        (not silence.assets or asset in silence.assets)
        and (not silence.rules or alert.rule in silence.rules)
        and (not silence.reasons or reason_of(alert) in silence.reasons)
        and (not silence.venues or bool(venues_of(alert) & set(silence.venues)))
    )


def silencing(silences: Iterable[pb.Silence], alert: pb.Alert) -> pb.Silence | None:
    """One of those in force that holds it back; maintenance is no silence but an inhibition."""
    return next((one for one in silences if not one.is_maintenance and fits(one, alert)), None)


def check_silence(silence: pb.Silence, now_ns: int) -> Iterator[FieldViolation]:
    """What is wrong with a new one."""
    yield from check_names("silence.assets", silence.assets, MAX_NAMES)
    yield from check_venues("silence.venues", silence.venues, lambda: (), MAX_NAMES)
    for index, rule in enumerate(silence.rules):
        if not rule.startswith(RULES) or not ID.fullmatch(rule.removeprefix(RULES)):
            yield FieldViolation(f"silence.rules[{index}]", f'must look like "{RULES}{{id}}"')
    for index, reason in enumerate(silence.reasons):
        if reason not in pb.AlertReason.values() or reason == pb.ALERT_REASON_UNSPECIFIED:
            yield FieldViolation(f"silence.reasons[{index}]", f"{reason} is not a reason")
    if not (silence.assets or silence.venues or silence.rules or silence.reasons):
        yield FieldViolation("silence", "must name an asset, a venue, a rule or a reason: it would silence everything")
    if silence.is_maintenance and not silence.venues:
        yield FieldViolation("silence.venues", "must name the venues that are in maintenance")
    yield from check_words("silence.author", silence.author, MAX_AUTHOR)
    yield from check_words("silence.comment", silence.comment, MAX_COMMENT)
    yield from _check_times(silence, now_ns)


def check_words(field: str, words: str, most: int, least: int = 1) -> Iterator[FieldViolation]:
    """What a person says."""
    if not least <= len(words) <= most or not words.isprintable() or words != words.strip():
        yield FieldViolation(field, f"must be {least} to {most} printable characters, with no space around them")


def _check_times(silence: pb.Silence, now_ns: int) -> Iterator[FieldViolation]:
    from_ns = from_timestamp(silence.from_time) if silence.HasField("from_time") else now_ns
    to_ns = from_timestamp(silence.to_time)
    if not 0 <= from_ns < 1 << 63:
        yield FieldViolation("silence.from_time", "must be a time of this age")
    elif to_ns <= max(from_ns, now_ns) or to_ns - from_ns > MAX_SECONDS * SECOND_NS:
        yield FieldViolation("silence.to_time", "must be to come, after from_time, and within a year of it")
