"""Excel in and out. Columns are described once; numbers stay numbers and text never becomes a formula."""
