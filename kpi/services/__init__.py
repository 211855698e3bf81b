"""Writes. One function per use case: keyword-only, actor and clock given, one transaction, one audit entry."""
