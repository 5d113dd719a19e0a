"""The paper (Tao 2023) from data to folder: its networks, figures, table and claims.

`reproduce` is made of the package's public functions, so this room lies above them.
"""
