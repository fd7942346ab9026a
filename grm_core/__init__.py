"""The method: a generative reward model sampled k times, voted, and kept with all it wrote."""
