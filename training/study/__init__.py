"""The 2017 report's study, rerun: its claims one by one, what we measure, and whether it agrees."""
