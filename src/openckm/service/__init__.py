"""The node at a site has HTTP routes, a queue of jobs, batching, connection limits, and the model that it keeps."""
