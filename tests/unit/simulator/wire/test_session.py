"""Frames as they go over the wire to one client."""

import pytest

from crossbook.simulator.wire.session import encode_frame


@pytest.mark.parametrize(
    ("size", "head"),
    [
        (0, b"\x81\x00"),
        (125, b"\x81\x7d"),
        (126, b"\x81\x7e\x00\x7e"),
        (65_535, b"\x81\x7e\xff\xff"),
        (65_536, b"\x81\x7f" + (65_536).to_bytes(8, "big")),
    ],
)
def test_the_length_takes_as_many_bytes_as_it_needs(size: int, head: bytes) -> None:
    """RFC 6455, 5.2: 7 bits, or 126 and 16 bits, or 127 and 64 bits; whole and unmasked."""
    assert encode_frame(b"x" * size, is_text=True) == head + b"x" * size


def test_text_and_binary_have_their_own_opcode() -> None:
    """1 and 2."""
    assert encode_frame(b"x", is_text=True)[0] & 0x0F == 1
    assert encode_frame(b"x", is_text=False)[0] & 0x0F == 2
