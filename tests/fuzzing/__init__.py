"""`make fuzz`: schemathesis over the whole OpenAPI document, as each role. Runs by itself, not with the tests."""
