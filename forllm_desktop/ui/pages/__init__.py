"""Tabs of the centre, the thread apart."""
