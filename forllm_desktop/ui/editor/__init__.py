"""Where posts are written."""
