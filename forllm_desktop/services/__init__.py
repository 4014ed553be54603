"""The verbs of the app: one transaction per call, then events."""
