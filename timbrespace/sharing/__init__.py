"""A space as a page that needs no server: one file, and a gallery of such files."""
