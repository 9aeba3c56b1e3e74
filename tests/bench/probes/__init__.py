"""What is measured in a process of its own, with the interpreter of the product that is measured.

A probe's `opened(**arguments)` is a context; inside it measures `ours` and `beside` of a part again and again. Probes
import the core and what they must of the services: where another commit does not have that, its row has no figure.
"""
