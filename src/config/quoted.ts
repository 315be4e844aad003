/** A value as config.yaml spells it: JSON, which YAML 1.2 reads alike, in characters that document.ts takes. */
export type Settable = string | number | boolean | readonly string[];

/** What document.ts refuses where it stands unescaped, and JSON leaves as it is. */
const UNSEEN = /[\u007f-\u009f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]/g;

export function quoted(value: Settable | null): string {
  return JSON.stringify(value).replace(UNSEEN, escaped);
}

const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
