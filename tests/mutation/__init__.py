"""Breaking the rig on purpose: where a break is applied, and how the tests that must notice it are run."""
