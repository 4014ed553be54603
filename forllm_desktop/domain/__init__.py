"""What exists and what is allowed; no input or output."""
