"""A page of documentation for each component, made from its spec: ``pages``, ``pictures``, ``examples``."""
