"""Names of the tests' databases."""

# Migrated and loaded once per run, then only copied.
TEMPLATE = "kpi_template"
