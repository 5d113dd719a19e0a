"""One page that walks from a number to the faces behind it: arrays and JSON in, HTML out.

Nothing here loads a model. What is shown was saved by the other commands; what was not is named
with the command that makes it.
"""
