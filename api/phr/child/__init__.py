"""The book of a child: growth on the national curves, checkups, milestones, and handing it over."""
