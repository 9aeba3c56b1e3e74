"""Facts of instruments beside the scan: they are followed, and answers are narrowed and costed by them.

What the scan uses of them is handed on to it, and stands in its recording.
"""
