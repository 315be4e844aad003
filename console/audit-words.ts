/** The particulars of an audit entry in words; one that an older page does not know stands as it was written. */
import { counted } from '../src/base/counted.ts';
import type { AuditEntry } from './api.ts';
import { CREDENTIALS, KINDS } from './package-words.ts';
import { bytes, dateAndTime } from './quantities.ts';

type Value = AuditEntry['detail'][string];

const spaced = (value: Value): string => String(value).replaceAll('_', ' ');
const named =
  (what: string) =>
  (value: Value): string =>
    `${what} ${value}`;
const wordedBy =
  (words: Readonly<Record<string, { readonly label: string }>>) =>
  (value: Value): string =>
    words[String(value)]?.label ?? spaced(value);

/** Null: it says nothing that a person would look for. */
const WORDS: Readonly<Record<string, (value: Value) => string | null>> = {
  // who and why
  code: (value) => `reason: ${spaced(value)}`,
  times: (value) => counted(Number(value), 'time'),
  addresses: (value) => `from ${counted(Number(value), 'address', 'addresses')}`,
  from: named('from'),
  // servers, tickets, the secret
  node_id: named('server'),
  fingerprint: named('key'),
  again: (value) => (value === true ? 'the same server, once more' : null),
  epoch: (value) => `step ${value} of the roster`,
  expires: (value) => `good until ${dateAndTime(String(value))}`,
  mode: (value) => (value === 'compromise' ? 'after a compromise' : String(value)),
  kept: (value) => `kept ${String(value).split(' ').join(', ')}`,
  // packages
  kind: wordedBy(KINDS),
  file: String,
  architecture: named('for'),
  version: named('version'),
  credentials: (value) => (value === 'none' ? 'no credentials' : wordedBy(CREDENTIALS)(value)),
  signed: (value) => (value === true ? 'signed' : 'not signed'),
  node: named('for'),
  ticket: named('ticket'),
  note: named('note:'),
  handed_bytes: (value) => `${bytes(Number(value))} of it were handed over`,
};

export function particulars(detail: AuditEntry['detail']): readonly string[] {
  return Object.entries(detail).flatMap(([name, value]) => {
    if (!Object.hasOwn(WORDS, name)) return [`${spaced(name)}: ${value}`];
    return WORDS[name]?.(value) ?? [];
  });
}
