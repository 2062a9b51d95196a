"""The rig as a pytest plugin: options, markers, fixtures and report. Thin: it calls the rest."""
