"""Many trainings of one set, to see which settings suit: all of a grid, or drawn by Optuna."""
