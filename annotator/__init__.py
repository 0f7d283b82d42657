"""Framewise's web application: pages, API, live channel and the jobs worker."""
