"""`make bench-alertmanager`: a real Alertmanager beside alerts, told the same dislocations; what each makes of them."""
