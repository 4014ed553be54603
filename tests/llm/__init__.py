"""Tests of talking to models."""
