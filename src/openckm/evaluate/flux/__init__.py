"""The cases, methods and scores of benchmark `flux`."""
