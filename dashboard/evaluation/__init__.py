"""Do they tell the truth? Each test of explanations in one file: its controls, its job, and its result."""
