"""Small programs that use GRM Lens as a library; run them from the repository: python -m examples.NAME --help."""
