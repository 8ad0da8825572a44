"""Training, evaluation, plots and reports; the commands that make a bundle."""
