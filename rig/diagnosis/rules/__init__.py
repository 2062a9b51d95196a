"""What may have happened: rules, each of which proposes verdicts and knows nothing of the others."""
