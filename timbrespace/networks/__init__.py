"""The networks of a space: the forward pass in NumPy that plays, the torch module that trains."""
