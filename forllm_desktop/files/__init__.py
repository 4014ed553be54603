"""Files of the user: which may be read, from bytes to text, and the index of their names."""
