"""What the pages of explanations share: choosing a method, its explanation, and its map on screen."""
