"""What became of opportunities: their lives, made from the log of events, and what is asked of them.

`life` puts one together from its events; `keeper` carries events from the log into lives, `store/lives.py` their rows;
`requests` and `answers` are what clients ask.
"""
