"""The REST API below /api/v1/: the same services and selectors as the pages, spoken in JSON (docs/api.md)."""
