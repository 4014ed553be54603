"""The table of server behaviours that a client must stand, each run through the queue and its worker."""
