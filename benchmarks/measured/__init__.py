"""What `engine.py` measures, one concern per file."""
