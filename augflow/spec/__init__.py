"""What the user wrote: parsed with positions, checked for form."""
