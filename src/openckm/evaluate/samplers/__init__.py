"""The posterior samplers that benchmark "samplers" compares, their tasks and scores."""
