"""Lists as people type them."""


def split_names(text: str) -> list[str]:
    """The names in "a, b,c"; empty for an empty text."""
    return [name.strip() for name in text.split(",") if name.strip()]
