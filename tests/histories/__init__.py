"""`make histories`: the whole system through random histories of deaths, pauses and outages, judged from outside."""
