"""A prompt as a reader sees it: one widget, the same in every place."""
