"""What goes on inside a net: by layer, on a fixed probe of training examples, outside the timed path.

`probe` names what is looked at, `tensorflow` and `jax` look, each for its engines, `rows` turns what they saw into
numbers that are kept.
"""
