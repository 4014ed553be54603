"""The known schema revisions, oldest first; read without importing Alembic."""

REVISIONS = ("0001", "0002", "0003", "0004", "0005")
HEAD = REVISIONS[-1]
