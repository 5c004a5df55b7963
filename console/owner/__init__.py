"""What a person is shown first, in words for the owner: pure, from what the seats answered."""
