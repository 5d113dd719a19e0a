"""Exact and near duplicates: search, similarity, and the cached result."""
