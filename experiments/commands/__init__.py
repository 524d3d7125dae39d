"""The verbs of the command line, a file each: ``add`` tells the parser about it, ``run`` does it.

Only they and ``experiments.cli`` print. Whatever is heavy is imported where it is used.
"""
