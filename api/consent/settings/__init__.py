"""What a participant can choose: commands, their rules, how they are said, shown and compared."""
