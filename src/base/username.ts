/** What people may be called. In one spelling: names are compared letter by letter, and so are the rows of the store. */
export const USERNAME = /^[\p{L}\p{N}][\p{L}\p{N}._@+-]{0,127}$/u;

export function isUsername(text: string): boolean {
  return USERNAME.test(text) && text.normalize('NFC') === text;
}
