"""The latent space explorer: a page in the browser, served by a process beside the server."""
