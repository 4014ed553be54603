"""Painting of rows; nothing else."""
