import { beforeEach, describe, expect, it } from 'vitest';
import { ApiTokens, hasScope } from '../../src/services/people/api-tokens.ts';
import { FakeAccountStore } from '../fakes/account-store.ts';
import { ManualClock, START_MS } from '../fakes/clock.ts';
import { FakeLog } from '../fakes/log.ts';

const unknown = { code: 'token_unknown', message: 'This API token is unknown or has expired.' };

let clock: ManualClock;
let store: FakeAccountStore;
let log: FakeLog;
let tokens: ApiTokens;

beforeEach(() => {
  clock = new ManualClock();
  store = new FakeAccountStore();
  log = new FakeLog();
  tokens = new ApiTokens({ accounts: store, clock, log });
});

describe('ApiTokens', () => {
  it('shows a token once and keeps only its hash', async () => {
    const { token, info } = await tokens.create({ name: 'ci', scopes: ['read', 'read'] });
    expect(token).toMatch(/^atl_[A-Za-z0-9_-]{43}$/);
    expect(info).toMatchObject({ name: 'ci', scopes: ['read'], createdAtMs: START_MS, expiresAtMs: null });
    expect(JSON.stringify([await tokens.list(), log.lines])).not.toContain(token);
  });

  it('knows the token it made, with its scopes', async () => {
    const { token } = await tokens.create({ name: 'ci', scopes: ['packages:build'] });
    expect(await tokens.authenticate(token, '192.0.2.1')).toMatchObject({
      name: 'ci',
      scopes: ['packages:build'],
      lastUsedFrom: '192.0.2.1',
    });
  });

  it.each(['', 'atl_', `atl_${'A'.repeat(43)}`, `atl_${'A'.repeat(44)}`, `xyz_${'A'.repeat(43)}`])(
    'refuses the token %j',
    async (token) => {
      await expect(tokens.authenticate(token, null)).rejects.toMatchObject(unknown);
    },
  );

  it('refuses a token from the moment it expires', async () => {
    const { token } = await tokens.create({ name: 'ci', scopes: ['read'], expiresInSeconds: 60 });
    await clock.advance(59_999);
    await tokens.authenticate(token, null);
    await clock.advance(1);
    await expect(tokens.authenticate(token, null)).rejects.toMatchObject(unknown);
  });

  it('refuses a token that was removed', async () => {
    const { token, info } = await tokens.create({ name: 'ci', scopes: ['read'] });
    expect(await tokens.remove(info.tokenId)).toBe(true);
    expect(await tokens.remove(info.tokenId)).toBe(false);
    await expect(tokens.authenticate(token, null)).rejects.toMatchObject(unknown);
  });

  it('refuses a second token of one name', async () => {
    await tokens.create({ name: 'ci', scopes: ['read'] });
    await expect(tokens.create({ name: 'ci', scopes: ['admin'] })).rejects.toMatchObject({
      code: 'token_name_taken',
      message: 'there is a token of that name already',
    });
  });

  it('writes the use of a token down at most once a minute', async () => {
    const { token } = await tokens.create({ name: 'ci', scopes: ['read'] });
    for (let second = 0; second < 90; second += 1) {
      await tokens.authenticate(token, null);
      await clock.advance(1000);
    }
    expect(store.touches).toBe(2);
  });
});

describe('hasScope', () => {
  it.each([
    [['read'], 'read', true],
    [['read'], 'packages:build', false],
    [['agents:write'], 'read', false],
    [['admin'], 'read', true],
    [[], 'read', false],
  ] as const)('%j may %s: %s', (scopes, needed, allowed) => {
    expect(hasScope(scopes, needed)).toBe(allowed);
  });
});
