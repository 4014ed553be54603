"""Draws every screen with realistic content, and looks for text that is cut and widgets that collide."""
