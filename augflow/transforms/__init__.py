"""What happens to one sample."""
