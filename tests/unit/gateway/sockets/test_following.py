"""What is kept of a stream that sockets share."""

from crossbook.gateway.sockets.following import Kept


def test_only_the_latest_are_kept_and_each_once() -> None:
    """One that is told again keeps its place."""
    kept: Kept[int] = Kept(3)
    assert not kept
    assert [kept.add(token, number) for number, token in enumerate("abab")] == [True, True, False, False]
    assert kept.add("c", 4)
    assert kept.add("d", 5)
    assert ["a" in kept, "b" in kept, bool(kept)] == [False, True, True]


def test_what_came_behind_one_is_told_oldest_first() -> None:
    """Nothing, behind the newest."""
    kept: Kept[int] = Kept(10)
    for number, token in enumerate("abcd"):
        kept.add(token, number)
    assert [kept.after("a"), kept.after("c"), kept.after("d")] == [[1, 2, 3], [3], []]
