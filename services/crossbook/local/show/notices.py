"""What a run says by itself, such as a process that was started again: in the view if there is one, else as lines."""

from crossbook.local.show.presenter import say


class Notices:
    """`shown` holds the last one, for the view."""

    def __init__(self, *, has_view: bool) -> None:
        self.has_view = has_view
        self.shown: list[str] = []

    def add(self, text: str) -> None:
        """One line."""
        self.shown[:] = [text]
        if not self.has_view:
            say(text)
