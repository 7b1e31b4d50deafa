"""Tables of Parquet files in folders by their partitions."""
