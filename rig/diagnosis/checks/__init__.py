"""What speaks against a proposal: vetoes, and how far the decoded light can be trusted."""
