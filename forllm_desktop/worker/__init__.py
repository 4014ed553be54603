"""The thread that answers: it takes requests from the queue and runs them; no widgets."""
