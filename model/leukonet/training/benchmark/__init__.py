"""The benchmark: each part measures one thing, writes its JSON, and the tables are assembled from the parts."""
