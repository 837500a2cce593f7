"""Do they tell the truth?"""
