"""Tests of prompt assembly."""
