"""Estimates with intervals: bootstrap, binomial intervals, significance, ranking."""
