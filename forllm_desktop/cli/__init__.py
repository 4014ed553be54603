"""The commands without a screen, one file per noun."""
