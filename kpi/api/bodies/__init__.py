"""The shapes of requests and answers. A shape neither reads nor decides: it names fields and says what they mean."""
