"""Tests of reading and indexing files."""
