"""Where the 1.5B judge comes from: its base is downloaded once, checked, converted, and our adapter merged into it."""
