"""The fault language."""

import pytest

from crossbook.simulator.play.faults import Fault, FaultSpecError, parse_faults

VENUES, ASSETS = ("binance", "okx", "lighter", "paradex"), ("BTC", "ETH")


def test_the_grammars_example_reads() -> None:
    """Each part of a specification lands in its field."""
    spec = "binance:cut@20s,okx/BTC:freeze@30s+5s, lighter:corrupt@40s,paradex/ETH:drop@50s x3,okx:clock@1m+500ms=-2s"
    assert parse_faults(spec, VENUES, ASSETS) == [
        Fault("binance:cut@20s", "binance", None, "cut", 20, None, None, None),
        Fault("okx/BTC:freeze@30s+5s", "okx", "BTC", "freeze", 30, 5, None, None),
        Fault("lighter:corrupt@40s", "lighter", None, "corrupt", 40, None, 5, None),
        Fault("paradex/ETH:drop@50s x3", "paradex", "ETH", "drop", 50, None, 3, None),
        Fault("okx:clock@1m+500ms=-2s", "okx", None, "clock", 60, 0.5, None, "-2s"),
    ]


def test_nothing_is_no_fault() -> None:
    """Empty specifications and stray commas are harmless."""
    assert parse_faults("", VENUES, ASSETS) == parse_faults(" , ", VENUES, ASSETS) == []


@pytest.mark.parametrize(
    ("spec", "complaint"),
    [
        ("nonsense", "does not look like"),
        ("kraken:cut@1s", "unknown venue 'kraken'"),
        ("okx/XYZ:freeze@1s", "unknown asset 'XYZ'"),
        ("okx:explode@1s", "unknown kind 'explode'"),
        ("okx:cut@soon", "'soon' is not a time"),
        ("okx:cut@20", "'20' is not a time"),
        ("okx:cut@-1s", "-1s is negative"),
        ("okx:cut@1s+5s", "happens once"),
        ("okx:freeze@1s x3", "has no count"),
        ("okx:drop@1s+2s x3", "not both"),
        ("okx:drop@1s x0", "bad count x0"),
        ("okx:drop@1s xmany", "bad count xmany"),
        ("okx/BTC:clock@1s", "whole venue"),
        ("okx:429@1s=soon", "not a number of seconds"),
        ("okx:corrupt@1s=softly", "unknown corruption"),
        ("okx:cut@1s=7", "takes no value"),
        ("okx:slow@1s=-1s", "negative"),
        ("binance:cut@1s,okx:cut@x", "'x' is not a time"),
    ],
)
def test_malformed_specifications_say_what_is_wrong_and_show_the_grammar(spec: str, complaint: str) -> None:
    """The message quotes the bad part and teaches the language."""
    with pytest.raises(FaultSpecError) as error:
        parse_faults(spec, VENUES, ASSETS)
    assert complaint in str(error.value)
    assert "VENUE[/ASSET]:KIND@START" in str(error.value)
