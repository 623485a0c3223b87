"""What people of a facility without a system of its own write on pages."""
