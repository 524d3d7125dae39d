"""Every component written a second time, in float64 NumPy, from its publication: shares no code with ``custom``.

The tests of ``custom`` and the conformance page hold the components against these. ``others`` has what other
libraries define differently.
"""
