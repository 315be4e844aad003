/** What every account store promises, whatever its engine (src/store/account-store.ts). */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AccountStore, ApiToken, Session, User } from '../../src/store/account-store.ts';

export interface OpenedAccountStore {
  readonly store: AccountStore;
  close(): Promise<void>;
}

const NOW = Date.UTC(2026, 10, 21, 12);
const HASH = 'ab'.repeat(32);
const OTHER_HASH = 'cd'.repeat(32);
/** With NUL, and with halves of surrogate pairs. */
const NOT_TEXTS = ['ada\0', '\0', 'ada\ud800', 'ada\udc00'];

const TOKEN: ApiToken = {
  tokenId: 'tok-1',
  name: 'grafana',
  tokenHash: HASH,
  scopes: ['read', 'agents:write'],
  createdAtMs: NOW,
  expiresAtMs: null,
  lastUsedAtMs: null,
  lastUsedFrom: null,
};

export function accountStoreContract(open: () => Promise<OpenedAccountStore>): void {
  let opened: OpenedAccountStore;
  let store: AccountStore;
  beforeEach(async () => {
    opened = await open();
    store = opened.store;
  });
  afterEach(() => opened.close());

  const addUser = (username: string): Promise<User> =>
    store.addUser({ username, passwordHash: `$argon2id$of-${username}`, createdAtMs: NOW });
  const addSession = async (user: User, changes: Partial<Session> = {}): Promise<Session> => {
    const session = {
      sessionHash: HASH,
      userId: user.userId,
      csrfToken: 'a csrf token',
      createdAtMs: NOW,
      passwordAtMs: NOW,
      lastUsedAtMs: NOW,
      expiresAtMs: NOW + 1_000,
      ...changes,
    };
    await store.addSession(session);
    return session;
  };

  describe('a user', () => {
    it('is found by name and by id as added', async () => {
      const user = await addUser('ada');
      expect(user).toMatchObject({ username: 'ada', passwordHash: '$argon2id$of-ada', createdAtMs: NOW });
      expect(await store.userByName('ada')).toEqual(user);
      expect(await store.userById(user.userId)).toEqual(user);
      expect(await store.userByName('Ada')).toBeUndefined();
      expect(await store.userById(user.userId + 1)).toBeUndefined();
    });

    it('is not found by a name that nobody could have, however much it resembles one', async () => {
      await addUser('ada\ufffd');
      for (const name of NOT_TEXTS) {
        expect(await store.userByName(name)).toBeUndefined();
        await expect(store.setPassword(name, 'hash')).rejects.toMatchObject({ code: 'user_unknown' });
      }
    });

    it('is listed in the order of names', async () => {
      await addUser('grace');
      await addUser('ada');
      expect((await store.users()).map((user) => user.username)).toEqual(['ada', 'grace']);
    });

    it('is not added under a name that is taken, and the first stays as it is', async () => {
      const user = await addUser('ada');
      const second = store.addUser({ username: 'ada', passwordHash: 'other', createdAtMs: NOW + 1 });
      await expect(second).rejects.toMatchObject({
        code: 'user_exists',
        message: 'there is a user of that name already',
      });
      expect(await store.users()).toEqual([user]);
    });

    it('loses every session with a new password, and no other user does', async () => {
      const ada = await addUser('ada');
      const grace = await addUser('grace');
      await addSession(ada);
      const kept = await addSession(grace, { sessionHash: OTHER_HASH });
      await store.setPassword('ada', 'new hash');
      expect((await store.userByName('ada'))?.passwordHash).toBe('new hash');
      expect(await store.session(HASH)).toBeUndefined();
      expect(await store.session(OTHER_HASH)).toEqual(kept);
    });

    it('must exist to get a new password', async () => {
      await expect(store.setPassword('nobody', 'hash')).rejects.toMatchObject({
        code: 'user_unknown',
        message: 'there is no user of that name',
      });
    });
  });

  describe('a session', () => {
    it('is found by its hash until it is ended', async () => {
      const session = await addSession(await addUser('ada'));
      expect(await store.session(HASH)).toEqual(session);
      expect(await store.session(OTHER_HASH)).toBeUndefined();
      await store.endSession(HASH);
      expect(await store.session(HASH)).toBeUndefined();
      await store.endSession(HASH);
    });

    it('remembers its last use', async () => {
      const session = await addSession(await addUser('ada'));
      await store.touchSession(HASH, NOW + 500);
      expect(await store.session(HASH)).toEqual({ ...session, lastUsedAtMs: NOW + 500 });
      await store.touchSession(OTHER_HASH, NOW);
      expect(await store.session(OTHER_HASH)).toBeUndefined();
    });

    it('remembers when its holder last gave the password', async () => {
      const session = await addSession(await addUser('ada'));
      await store.confirmSession(HASH, NOW + 500);
      expect(await store.session(HASH)).toEqual({ ...session, passwordAtMs: NOW + 500 });
      await store.confirmSession(OTHER_HASH, NOW);
      expect(await store.session(OTHER_HASH)).toBeUndefined();
    });

    it('is swept when its end lies before the given time', async () => {
      const user = await addUser('ada');
      await addSession(user, { expiresAtMs: NOW - 1 });
      await addSession(user, { sessionHash: OTHER_HASH, expiresAtMs: NOW });
      await store.sweepSessions(NOW);
      expect(await store.session(HASH)).toBeUndefined();
      expect(await store.session(OTHER_HASH)).toBeDefined();
    });
  });

  describe('the setup code', () => {
    it('is taken once', async () => {
      await store.setSetupCode(HASH, NOW + 1_000);
      expect(await store.takeSetupCode(HASH, NOW)).toBe(true);
      expect(await store.takeSetupCode(HASH, NOW)).toBe(false);
    });

    it('is taken by one of many who come at once', async () => {
      await store.setSetupCode(HASH, NOW + 1_000);
      const taken = await Promise.all(Array.from({ length: 5 }, () => store.takeSetupCode(HASH, NOW)));
      expect(taken.filter(Boolean)).toHaveLength(1);
    });

    it('is not taken by another code, which does not spend it', async () => {
      await store.setSetupCode(HASH, NOW + 1_000);
      expect(await store.takeSetupCode(OTHER_HASH, NOW)).toBe(false);
      expect(await store.takeSetupCode(HASH, NOW)).toBe(true);
    });

    it('is not taken at its end or later', async () => {
      await store.setSetupCode(HASH, NOW);
      expect(await store.takeSetupCode(HASH, NOW)).toBe(false);
    });

    it('replaces the one before', async () => {
      await store.setSetupCode(HASH, NOW + 1_000);
      await store.setSetupCode(OTHER_HASH, NOW + 1_000);
      expect(await store.takeSetupCode(HASH, NOW)).toBe(false);
      expect(await store.takeSetupCode(OTHER_HASH, NOW)).toBe(true);
    });
  });

  describe('a token', () => {
    it('is found by its hash as added, and listed in the order of names', async () => {
      const second = {
        ...TOKEN,
        tokenId: 'tok-2',
        name: 'backup',
        tokenHash: OTHER_HASH,
        expiresAtMs: NOW + 1,
      };
      await store.addToken(TOKEN);
      await store.addToken({ ...second, scopes: [] });
      expect(await store.tokenByHash(HASH)).toEqual(TOKEN);
      expect(await store.tokenByHash('00'.repeat(32))).toBeUndefined();
      expect(await store.tokens()).toEqual([{ ...second, scopes: [] }, TOKEN]);
    });

    it('is not added under a name that is taken', async () => {
      await store.addToken(TOKEN);
      const second = store.addToken({ ...TOKEN, tokenId: 'tok-2', tokenHash: OTHER_HASH });
      await expect(second).rejects.toMatchObject({
        code: 'token_name_taken',
        message: 'there is a token of that name already',
      });
      expect(await store.tokens()).toEqual([TOKEN]);
    });

    it('remembers when and from where it was used', async () => {
      await store.addToken(TOKEN);
      await store.touchToken('tok-1', NOW + 5, '192.0.2.7');
      const used = { ...TOKEN, lastUsedAtMs: NOW + 5, lastUsedFrom: '192.0.2.7' };
      expect(await store.tokenByHash(HASH)).toEqual(used);
      await store.touchToken('tok-1', NOW + 6, null);
      expect(await store.tokenByHash(HASH)).toEqual({ ...used, lastUsedAtMs: NOW + 6, lastUsedFrom: null });
    });

    it('is removed once', async () => {
      await store.addToken(TOKEN);
      expect(await store.removeToken('tok-1')).toBe(true);
      expect(await store.removeToken('tok-1')).toBe(false);
      expect(await store.tokenByHash(HASH)).toBeUndefined();
    });

    it('is not removed by an id that nobody could have, however much it resembles one', async () => {
      await store.addToken({ ...TOKEN, tokenId: 'ada\ufffd' });
      for (const id of NOT_TEXTS) expect(await store.removeToken(id)).toBe(false);
      expect(await store.tokens()).toHaveLength(1);
    });
  });
}
