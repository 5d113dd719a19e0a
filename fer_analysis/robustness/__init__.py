"""Networks under conditions: what breaks first, how far each works, whether confidence survives."""
