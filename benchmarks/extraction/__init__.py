"""How well ``kpi.domain.extraction`` reads reports whose answers are known. ``python -m benchmarks extraction``."""
