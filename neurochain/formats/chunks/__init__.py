"""Arrays in chunks, whatever file or files these lie in: which ones a selection touches, and the array that reads them."""
