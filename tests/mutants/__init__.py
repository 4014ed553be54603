"""Breaks the code line by line, each time in a copy, and checks that a test notices."""
