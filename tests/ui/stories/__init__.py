"""What people do with the app, from their first start on: by mouse and keys alone."""
