"""Where something listens, as one text: host:port, and [address]:port for IPv6."""


def target_of(host: str, port: int) -> str:
    """What a client dials; also what stands between // and / of a URL."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def is_target(target: str) -> bool:
    """Whether it can be dialled; a unix socket's path can, too."""
    if target.startswith("unix:"):
        return True
    host, _, port = target.rpartition(":")
    is_bare = ":" not in host or (host.startswith("[") and host.endswith("]"))
    return bool(host) and is_bare and port.isascii() and port.isdigit() and 0 < int(port) < 65536
