"""Operations by matter. Each finds what is named, calls one service or selector, and shapes the answer."""
