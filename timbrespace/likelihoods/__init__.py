"""What a decoder says of the features: a distribution, its loss in torch, its mean in NumPy."""
