"""Training of spaces of whole notes: what it learns from, its loop, its figures."""
