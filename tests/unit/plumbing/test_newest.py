"""The newest keys."""

from crossbook.plumbing.newest import NewestKeys


def test_the_oldest_key_goes_when_there_is_one_too_many() -> None:
    """However many are added, and however often the same, no more than the limit are held."""
    keys = NewestKeys[int](3)
    for key in (1, 2, 2, 3, 1):
        keys.add(key)
    assert len(keys) == 3
    keys.add(4)
    assert [key in keys for key in (1, 2, 3, 4)] == [False, True, True, True]
    for key in range(1_000):
        keys.add(key)
        assert len(keys) == 3
