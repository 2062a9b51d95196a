"""What an outcome says in words: advice, explanation, handbook. Output only; no code reads it back."""
