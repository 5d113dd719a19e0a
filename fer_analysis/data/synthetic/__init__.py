"""Schematic faces that the package draws: settings, action units, drawing."""
