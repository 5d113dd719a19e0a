"""Train facial-expression classifiers and examine where, and why, they fail."""

__version__ = "0.1.0"
