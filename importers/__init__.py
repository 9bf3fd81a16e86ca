"""Files in; checked records or rejections out.

Never writes, never raises for bad data: every fault is collected with its file, line, column and
value, and one fault refuses the file as a whole.
"""
