/**
 * What would be wrong with the product if somebody broke it here: one text of one file of src/, and what it
 * becomes. The product has no hook for this; preload.ts rewrites the text as it is loaded.
 */
export interface Sabotage {
  readonly name: string;
  /** Below src/. */
  readonly file: string;
  /** Stands there exactly once. */
  readonly text: string;
  readonly becomes: string;
}

const APPEND = 'this.#append(opened, when)';
const READY = "log.info('server.ready', ";
const LIST = 'const listed = size.isListable ? await listNewcomers(client) : null;';

export const SABOTAGES = {
  verification: {
    name: 'verification always true',
    file: 'protocol/record.ts',
    text: "return refuse('invalid_signature', 'Invalid signature - data tampered!');",
    becomes: 'return undefined;',
  },
  acknowledgement: {
    name: 'acknowledgement before commit',
    file: 'services/fleet/report-intake.ts',
    text: `const stored = (await ${APPEND}) === 'stored';`,
    becomes: `setTimeout(() => void ${APPEND}.catch(() => {}), 500); const stored = true;`,
  },
  keys: {
    name: 'KEYS for reads',
    file: 'store/redis/member-store.ts',
    text: LIST,
    becomes: `await client.keys('fleet:cluster:*'); ${LIST}`,
  },
  secret: {
    name: 'a secret in the log',
    file: 'node.ts',
    text: READY,
    becomes: `log.info('server.key', options.secrets.apiKey.revealText()); ${READY}`,
  },
  overlap: {
    name: 'no time with two secrets',
    file: 'membership/secret-phase.ts',
    text: 'accepts: [keyId, pending.keyId] };',
    becomes: "accepts: pending.phase === 'active' ? [pending.keyId] : [keyId, pending.keyId] };",
  },
} as const satisfies Record<string, Sabotage>;

export type SabotageId = keyof typeof SABOTAGES;

/** Throws when the text does not stand there exactly once: a sabotage that hits nothing would prove nothing. */
export function sabotaged(source: string, { name, file, text, becomes }: Sabotage): string {
  const times = source.split(text).length - 1;
  if (times !== 1) throw new Error(`sabotage "${name}": its text stands ${times} times in src/${file}`);
  return source.replace(text, () => becomes);
}
