"""The parts of the page on which models write personas."""
