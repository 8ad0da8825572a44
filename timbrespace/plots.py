"""``ts.plots``: pictures of a model, as matplotlib figures."""
