"""Data sets behind one interface: ``load(name)`` gives three disjoint parts and a fingerprint.

mnist and cifar10 are files (the user's, the Keras cache's, or downloaded);
digits, breast_cancer and diabetes come with scikit-learn; spirals and noisy_line
are made here. Importing this imports NumPy and nothing larger.
"""

from experiments.datasets.base import Card, Dataset, MissingData, Part
from experiments.datasets.loading import cards, describe, load, resolve, whole
from experiments.datasets.splits import SPLIT_SEED

__all__ = ["SPLIT_SEED", "Card", "Dataset", "MissingData", "Part", "cards", "describe", "load", "resolve", "whole"]
