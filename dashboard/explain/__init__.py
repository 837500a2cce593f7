"""What the pages of explanations share."""
