"""How a command line is read.

    parser     a command's parser: filled when it is needed; what is wrong, in plain English
    arguments  numbers in a range, words, credits

May import `music` and `chip`.
"""
