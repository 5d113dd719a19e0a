"""The public functions: each a few lines over the room that does the work.

All of them take names, paths or objects, print nothing, report to `progress`, and raise
`FerError` for what a user can put right. The commands of the same names parse their arguments,
call one of these, and print the result.
"""

from __future__ import annotations
