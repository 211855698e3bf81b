"""base · dev (trial) · test · prod."""
