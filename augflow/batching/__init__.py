"""What happens to one batch: collate and mix."""
