"""The Inspect page: its form, its view of a session while it is judged, and the answers to what the view asks."""
