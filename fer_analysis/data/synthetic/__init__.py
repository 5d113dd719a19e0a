"""Embedded data, schematic faces drawn by the package: settings, action units, drawing."""

from fer_analysis.data.synthetic.generate import generate

__all__ = ["generate"]
