"""The panes around the centre."""
