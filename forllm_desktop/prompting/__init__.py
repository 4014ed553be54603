"""From posts and a persona to one prompt."""
