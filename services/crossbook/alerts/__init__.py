"""Alerts: keeps rules, matches them with opportunities, and delivers what fired, at least once and with one id.

The way of an event to an alert, top down:

    arbitrage's stream           resumed where all is settled; a replica or the log answers for what was missed
      evaluation/watcher         follows one replica of arbitrage and takes its events
      evaluation/evaluation      has them looked at; holds late matches until all that was missed is known
      evaluation/owned_slots     keeps those of other replicas' slots (recent_events), looks at those of its own
      evaluation/evaluate        which rules it fires, and when: filters, thresholds, least life   -> Match, with a Hold
      firing.FiringLine          waits with it while a store is away; never drops it
      firing.Firing              claims the cooldown in Redis, makes it an alert and deliveries in one transaction
        store/alerts             at most once for a cause and within a cooldown; announces it; of a rule that
                                 groups as a member of its group, without deliveries
      groups/rounds              what is to be said of a group that is due (groups/steps), unless something holds it
                                 back (holding/hold_back); written with its deliveries, whoever comes first
      tail                       hears of it in every replica: wakes the outbox, tells WatchAlerts
      outbox                     claims what is due, destination by destination, for as long as it takes
        channels/registry        the kind of channel makes the text or the body
        channels/http_sender     one try, to a checked address
        channels/answer          what the answer means   -> delivered, again later, limited, or a person has to look

Beside it: holding/feeds asks arbitrage how the venues are, conditions/watch looks after rules that are not about
opportunities, groups/lost_closings closes members that nobody was told of, explaining says why something was not told.
Also: closings remembers what has closed since, for texts; evaluation/ownership keeps this replica's slots, and
saves how far each is settled (evaluation/progress); evaluation/schedule looks at windows for the rules that want them.
"""
