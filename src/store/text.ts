/** Text as Postgres can keep it: without NUL, and with lone surrogates replaced by U+FFFD. */
export const storableText = (text: string): string => text.replaceAll('\0', '').toWellFormed()
