"""Small parts that the panes and pages are made of."""
