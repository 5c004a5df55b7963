"""`kelpie init`: at most ten questions, a look at the gateway, and a `.env` that is right."""
