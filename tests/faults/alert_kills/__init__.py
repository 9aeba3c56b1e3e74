"""`make alert-kills`: replicas of alerts and arbitrage, as processes, die by SIGKILL in every stage of a group.

Real Postgres, real Redis, a stand-in only for the shard that tells quotes. `market.py` is what pays and when,
`people.py` who silences and acknowledges, `killer.py` who dies in which stage, `verdict.py` what must be so at the end.
"""
