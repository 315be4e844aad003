/**
 * Which texts come back from every engine as they went in. PostgreSQL refuses NUL, and half a surrogate pair becomes
 * U+FFFD on the way: who asks by such a text asks for what nobody stored, and must not find another's row.
 */
export function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}
