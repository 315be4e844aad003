/** Which servers an agent is told of, and which keys it believes. */
import { expect, it } from 'vitest';
import type { NodeRecordBody } from '../../../src/protocol/node-record.ts';
import { agentServers } from '../../../src/services/packages/agent-servers.ts';

const pin = (byte: number) => Buffer.alloc(32, byte).toString('base64');
const record = (host: string, byte: number) =>
  ({ host, port: 8768, tls_spki_sha256: pin(byte) }) as NodeRecordBody;
const RECORDS = [record('one.example', 1), record('2001:db8::2', 2)];
const OWN = { tls: 'own', publicUrl: null, url: 'https://one.example:8768' } as const;

it.each([
  [
    'all that answer, each by its key',
    OWN,
    null,
    ['https://one.example:8768', 'https://[2001:db8::2]:8768'],
    2,
  ],
  ['as ordered, by the keys of all', OWN, ['https://vip.example'], ['https://vip.example'], 2],
  [
    'the public address alone',
    { ...OWN, publicUrl: 'https://vip.example' },
    null,
    ['https://vip.example'],
    2,
  ],
  [
    'no key where authorities vouch',
    { ...OWN, tls: 'files' },
    null,
    ['https://one.example:8768', 'https://[2001:db8::2]:8768'],
    0,
  ],
  [
    'no key for plain http',
    OWN,
    ['http://127.0.0.1:1', 'https://vip.example'],
    ['http://127.0.0.1:1', 'https://vip.example'],
    0,
  ],
  ['each once', OWN, ['https://a.example', 'https://a.example'], ['https://a.example'], 2],
] as const)('%s', (_, settings, wanted, servers, pins) => {
  const told = agentServers(settings, wanted, RECORDS);
  expect(told.servers).toEqual(servers);
  expect(told.pins).toEqual([pin(1), pin(2)].slice(0, pins));
});
