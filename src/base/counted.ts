/** How many of what, in words: the one place where English makes a plural. Pages use it too. */

/** `many`: where it is not the one with an s. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en-GB')} ${count === 1 ? one : many}`;
}
