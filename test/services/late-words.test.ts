/** How long nothing is said of a member that still signs with the secret that was just retired. */
import { beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import type { Roster } from '../../src/membership/roster.ts';
import { Keyring } from '../../src/protocol/keyring.ts';
import { refuse } from '../../src/protocol/refusal.ts';
import { LateWords } from '../../src/services/cluster/late-words.ts';
import { ManualClock } from '../fakes/clock.ts';

const TIMEOUT_MS = 30_000;
const RETIRED = refuse('retired_key', 'Signed with a retired key');
const secret = (byte: number) => new Secret(Buffer.alloc(32, byte));

let clock: ManualClock;
let keyring: Keyring;
let words: LateWords;

beforeEach(() => {
  clock = new ManualClock();
  keyring = new Keyring('00'.repeat(16), [secret(1)]);
  const roster = { members: new Map([['b', {}]]) } as unknown as Roster;
  words = new LateWords({ keyring, clock, timeoutMs: TIMEOUT_MS, roster: () => roster });
});

function changeSecret(): void {
  const before = keyring.signing.keyId;
  const { keyId } = keyring.hold(secret(2));
  keyring.follow({ signs: keyId, accepts: [keyId], retired: [before] });
  words.look();
}

describe('a word signed with the secret that was retired', () => {
  it('is excused of a member for one node timeout', async () => {
    changeSecret();
    expect(words.excuses(RETIRED, 'b')).toBe(true);
    await clock.advance(TIMEOUT_MS - 1);
    words.look();
    expect(words.excuses(RETIRED, 'b')).toBe(true);
    await clock.advance(1);
    expect(words.excuses(RETIRED, 'b')).toBe(false);
  });

  it('is excused of nobody else, and nothing else is', () => {
    changeSecret();
    expect(words.excuses(RETIRED, 'eve')).toBe(false);
    expect(words.excuses(refuse('unknown_key', 'x'), 'b')).toBe(false);
  });

  it('is not excused where no secret was changed since this server started', () => {
    words.look();
    expect(words.excuses(RETIRED, 'b')).toBe(false);
  });
});
