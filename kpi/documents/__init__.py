"""Official documents as files (GB/T 9704)."""
