"""Register-level chips: silicon as the real client libraries meet it."""
