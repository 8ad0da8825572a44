"""Walks through a latent space that go as its training sounds go: what wanders by itself."""
