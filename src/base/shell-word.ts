/** A value as one word of a POSIX shell, for commands that people copy. */
export function shellWord(value: string): string {
  return /^[A-Za-z0-9._:/@+-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;
}
