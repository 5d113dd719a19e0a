"""Schematic faces that the package draws: settings, action units, drawing."""

from fer_analysis.data.synthetic.generate import generate

__all__ = ["generate"]
