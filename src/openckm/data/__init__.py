"""City layouts, ray-traced maps, their shards and the training samples made of them."""
