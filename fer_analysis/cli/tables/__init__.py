"""Printers of the commands: tables, progress, notices."""
