"""What comes due in the books, told without opening what lies sealed."""
