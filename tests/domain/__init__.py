"""Tests of what exists and what is allowed."""
