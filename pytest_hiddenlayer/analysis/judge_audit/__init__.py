"""Audits of a judge model: bias, agreement with people, master-key attacks."""
