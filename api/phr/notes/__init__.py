"""What one writes down about oneself: medicines, allergies, doctors, checkups at school."""
