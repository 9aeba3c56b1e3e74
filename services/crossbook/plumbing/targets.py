"""Addresses as text: host:port, with the brackets that an IPv6 address needs."""


def target_of(host: str, port: int) -> str:
    """`127.0.0.1:50052`, `[::1]:50052`."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
