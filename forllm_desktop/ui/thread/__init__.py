"""The page that shows one topic."""
