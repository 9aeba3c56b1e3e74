"""Facts of instruments beside the scan: they are followed, and answers are narrowed and costed by them.

The scan itself knows none of them, so that a recording of quotes replays to the same events.
"""
