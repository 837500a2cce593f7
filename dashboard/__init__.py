"""What the pages share on screen. Imports `core`, never a page."""
