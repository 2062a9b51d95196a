"""What a scene shows, in numbers and words of the field: pure functions that the rules and vetoes share."""
