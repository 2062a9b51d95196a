"""One session's record: pictures and evidence, and what the reports are made of."""
