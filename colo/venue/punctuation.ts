// The bytes that JSON and its numbers are made of.

export const SPACE = 0x20
export const QUOTE = 0x22
export const PLUS = 0x2b
export const COMMA = 0x2c
export const MINUS = 0x2d
export const DOT = 0x2e
export const SLASH = 0x2f
export const ZERO = 0x30
export const NINE = 0x39
export const COLON = 0x3a
export const BRACKET_OPEN = 0x5b
export const BACKSLASH = 0x5c
export const BRACKET_CLOSE = 0x5d
export const LETTER_E = 0x65
export const LETTER_N = 0x6e
export const LETTER_U = 0x75
export const BRACE_OPEN = 0x7b
export const BRACE_CLOSE = 0x7d
