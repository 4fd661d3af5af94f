"""Shipped specs, read as package data."""
