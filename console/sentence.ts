/** Words of a refusal as a sentence. Many are written for a terminal, behind `error:` and `hint:`. */

/** A plain word; a name such as server-01, or a command, stays as it is. */
const FIRST_WORD = /^[a-z]+(?=[\s,])/;
const ENDED = /[.!?…]$/;

export function asSentence(text: string): string {
  const begun = text.replace(FIRST_WORD, (word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`);
  return ENDED.test(begun) ? begun : `${begun}.`;
}
