/** What a role cannot run without, and where each may be given. */
import type { Role } from '../config.ts';
import type { Problem } from '../problem.ts';
import type { KeyPath } from '../schema.ts';
import { error, isSound, type Whole } from './whole.ts';

const INIT = 'Run `atlas-fleet init` for a fresh config.yaml, or add';

interface Need {
  readonly key: KeyPath;
  readonly hint: string;
  /** The flag of `agent` that gives it, and what to say to who uses flags alone. */
  readonly flag?: readonly [name: string, hint: string];
}

const NEEDED: Readonly<Record<Role, readonly Need[]>> = {
  server: (['server.api_key', 'server.encryption_key', 'server.db_encryption_key'] as const).map((key) => ({
    key,
    hint: `${INIT} the output of \`atlas-fleet secret generate\`.`,
  })),
  agent: [
    {
      key: 'agent.servers',
      hint: 'Add the addresses of the servers, or name one with --server.',
      flag: ['--server', 'Give the address of a server, such as `--server https://fleet.example.com:8768`.'],
    },
    {
      key: 'agent.api_key',
      hint: 'Add the api_key of the servers, or name its file with --api-key-file.',
      flag: ['--api-key-file', 'Give a file of mode 0600 with the api_key of the servers.'],
    },
    {
      key: 'server.encryption_key',
      hint: 'Add the encryption_key of the servers, below `server:`, or name its file with --encryption-key-file.',
      flag: ['--encryption-key-file', 'Give a file of mode 0600 with the encryption_key of the servers.'],
    },
  ],
  any: [],
};

export function* judgeNeeds(whole: Whole, role: Role): Generator<Problem> {
  for (const { key, hint, flag } of NEEDED[role]) {
    const value = whole.values[key];
    const absent = value === null || (Array.isArray(value) && value.length === 0);
    if (!absent || !isSound(whole, key)) continue;
    const sentence = `${key} is not given; ${role === 'agent' ? 'an agent' : 'a server'} needs it`;
    const inFile = error(whole, 'missing_key', key, sentence, hint);
    if (whole.hasFile || flag === undefined) yield inFile;
    else yield { ...inFile, place: { kind: 'flag', flag: flag[0] }, hint: flag[1] };
  }
}
