"""What a message bears so that whoever reads it may acknowledge its group: signed, and good for a week.

A token is the group's id, when it expires in seconds since the epoch, and an HMAC-SHA-256 of both, cut to 128 bits, as
`id.expiry.signature`. Its key is the group's own, random and kept in the group's row: any replica checks it, the key
is never sent, and it ends with the row. One that was read off a table of messages or a log ends by itself.
"""

import hmac
from base64 import urlsafe_b64encode

from crossbook.plumbing.timestamps import SECOND_NS

VALID_NS = 7 * 86_400 * SECOND_NS
SIGNATURE_BYTES = 16


def token_of(group_id: str, key: str, from_ns: int) -> str:
    """Of a message that is made then."""
    expiry = str((from_ns + VALID_NS) // SECOND_NS)
    return f"{group_id}.{expiry}.{_signature(group_id, expiry, key)}"


def group_of(token: str) -> str:
    """Which group it claims to be of."""
    return token.partition(".")[0]


def is_good(token: str, key: str, now_ns: int) -> bool:
    """Whether it is signed with the key, and has not expired. Takes the same time whatever is wrong with it."""
    signed, _, signature = token.rpartition(".")
    group_id, _, expiry = signed.rpartition(".")
    is_signed = hmac.compare_digest(_signature(group_id, expiry, key).encode(), signature.encode())
    return is_signed and now_ns < int(expiry) * SECOND_NS


def _signature(group_id: str, expiry: str, key: str) -> str:
    digest = hmac.digest(key.encode(), f"acknowledge {group_id}.{expiry}".encode(), "sha256")
    return urlsafe_b64encode(digest[:SIGNATURE_BYTES]).rstrip(b"=").decode()
