/**
 * What is wrong in the form, told while it is typed. It only saves a way to the server, which has the last word
 * (src/http/shapes/packages.ts).
 */
import {
  AGENT_INTERVAL_MAX_SECONDS,
  NODE_ID,
  NODE_ID_MAX_LENGTH,
  PACKAGE_NAME,
  REDIS_HOST,
} from '../src/protocol/limits.ts';
import type { PackageKind } from './package-api.ts';
import { type Draft, type Faults, lines } from './package-order.ts';

interface Rule {
  readonly field: keyof Draft;
  readonly isRight: (text: string) => boolean;
  readonly words: string;
}

const PORT_MAX = 65_535;

const matches = (pattern: RegExp) => (text: string) => pattern.test(text);
const isWhole = (max: number) => (text: string) =>
  /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= max;

const portRule = (field: keyof Draft): Rule => ({
  field,
  isRight: isWhole(PORT_MAX),
  words: `A whole number from 1 to ${PORT_MAX}.`,
});
const NAME_RULE: Rule = {
  field: 'packageName',
  isRight: matches(PACKAGE_NAME),
  words: 'A file name without spaces that ends in .pkg.',
};
const RULES: Readonly<Record<PackageKind, readonly Rule[]>> = {
  standalone: [NAME_RULE, portRule('port')],
  'cluster-node': [
    NAME_RULE,
    portRule('port'),
    portRule('redisPort'),
    {
      field: 'redisHost',
      isRight: matches(REDIS_HOST),
      words: 'A host name or an address, without the port.',
    },
    {
      field: 'nodeName',
      isRight: matches(NODE_ID),
      words: `Letters, digits, dots, dashes and underscores; ${NODE_ID_MAX_LENGTH} at most.`,
    },
  ],
  agent: [
    NAME_RULE,
    {
      field: 'interval',
      isRight: isWhole(AGENT_INTERVAL_MAX_SECONDS),
      words: `From 1 to ${AGENT_INTERVAL_MAX_SECONDS} seconds.`,
    },
    {
      field: 'servers',
      isRight: (text) => lines(text).every((line) => /^https?:\/\//.test(line) && URL.canParse(line)),
      words: 'One address a line, such as https://server-01.local:8768.',
    },
  ],
};

/** By field, of those that this kind has. */
export function faultsOf(kind: PackageKind, draft: Draft): Faults {
  const wrong = RULES[kind].filter(({ field, isRight }) => {
    const text = String(draft[field]).trim();
    return text !== '' && !isRight(text);
  });
  return Object.fromEntries(wrong.map(({ field, words }) => [field, words]));
}
