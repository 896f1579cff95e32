"""The node at a site: HTTP routes, the queue of jobs, batching, connection limits, and the model that it keeps."""
