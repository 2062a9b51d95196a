"""The supply ends off however the program ends: dead-man, keep-alive, signals, and a process that outlives ours."""
